-- Who may do what in the console, and what was done there by whom.

create table people (
  -- The name that labels carry.
  person_id text collate "C" primary key,
  name text not null,
  email text,
  role text not null check (role in ('viewer', 'annotator', 'reviewer', 'qa_lead', 'admin', 'service')),
  -- argon2id; null: logs in otherwise or by tokens alone.
  password_hash text,
  oidc_subject text unique,
  -- Not a person but a simulation: all it does is marked so.
  simulated boolean not null default false,
  language text not null default 'en',
  preferences jsonb not null default '{}',
  disabled_at timestamptz,
  paused_at timestamptz,
  paused_until timestamptz,
  paused_why text,
  created_at timestamptz not null default now()
);
create unique index people_email on people (lower(email)) where email is not null;

-- Slices a person may label; a person without rows may label all of them.
create table skills (
  person_id text collate "C" not null references people on delete cascade,
  slice text collate "C" not null,
  primary key (person_id, slice)
);

create table sessions (
  -- SHA-256 of what the cookie says, so that a stolen table opens no session.
  session_hash bytea primary key,
  person_id text collate "C" not null references people on delete cascade,
  csrf_token text not null,
  created_at timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index sessions_person on sessions (person_id);

create table api_tokens (
  token_hash bytea primary key,
  token_id text not null unique,
  person_id text collate "C" not null references people on delete cascade,
  name text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz
);

-- Every privileged act; rows are only ever added.
create table audit_trail (
  n bigint generated always as identity primary key,
  at timestamptz not null default now(),
  person_id text collate "C",
  act text not null,
  subject text not null default '',
  detail jsonb not null default '{}'
);

-- What a request with this key was answered, so that its repeat is answered the same.
create table idempotency_keys (
  person_id text collate "C" not null,
  key text not null,
  -- Known once all of the request is read.
  request_hash bytea,
  status int,
  answer bytea,
  -- Also the instant of what the request brings in, so that a repeat says the same.
  created_at timestamptz not null default now(),
  -- When whoever answers it was last heard of; null: given up.
  alive_at timestamptz default now(),
  primary key (person_id, key)
);
create index idempotency_keys_age on idempotency_keys (created_at);

-- An audit trail that can be edited proves nothing.
create function audit_trail_stays() returns trigger language plpgsql as $$
begin
  raise exception 'the audit trail is only ever added to' using errcode = 'restrict_violation';
end $$;
create trigger audit_trail_stays before update or delete on audit_trail
  for each row execute function audit_trail_stays();
create trigger audit_trail_stays_whole before truncate on audit_trail
  for each statement execute function audit_trail_stays();
create index audit_trail_subject on audit_trail (subject, n);
