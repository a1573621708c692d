// Logging in again in place: nothing on the page is lost by it.

import { Away, logIn, takeSession } from "./api.js";
import { _ } from "./words.js";

/** Make the dialog work; `back` is called once the session is there again. */
export function sessionDialog(person, back) {
  const dialog = document.getElementById("session");
  const wrong = document.getElementById("session-wrong");
  const password = document.getElementById("session-password");

  async function tried(act) {
    wrong.hidden = true;
    try {
      await act();
    } catch (error) {
      wrong.textContent = error instanceof Away ? _("The server cannot be reached.") : _("That did not work; try again.");
      wrong.hidden = false;
      return;
    }
    password.value = "";
    dialog.close();
    back();
  }

  dialog.addEventListener("cancel", (event) => event.preventDefault());
  document.getElementById("session-form").addEventListener("submit", (event) => {
    event.preventDefault();
    tried(() => logIn(person, password.value));
  });
  document.getElementById("session-again").addEventListener("click", () => tried(() => takeSession(person)));
  return () => {
    if (!dialog.open) dialog.showModal();
  };
}
