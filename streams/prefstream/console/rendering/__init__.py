"""Texts of others as HTML that is safe to show: Markdown, formulas, code, differences."""

from prefstream.console.rendering.differences import Difference, difference
from prefstream.console.rendering.texts import plain, rendered, rendered_all

__all__ = ["Difference", "difference", "plain", "rendered", "rendered_all"]
