"""Triggers: a row gets its link of the chain at commit, and no committed row changes (decision 0230)."""

from django.db import migrations

FORWARDS = """
create function audit_entry_arrives() returns trigger language plpgsql as $$
begin
  new.position := null; new.previous := null; new.hash := null;
  return new;
end $$;

create function audit_entry_is_linked() returns trigger
  language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  own_position bigint;
  own_previous bytea;
begin
  -- held until the commit that this trigger is part of has become visible
  perform pg_advisory_xact_lock(hashtextextended('audit chain', 0));
  select position + 1, hash into own_position, own_previous
    from audit_entry where position is not null order by position desc limit 1;
  own_position := coalesce(own_position, 1);
  own_previous := coalesce(own_previous, decode(repeat('00', 32), 'hex'));
  update audit_entry
     set position = own_position,
         previous = own_previous,
         hash = sha256(own_previous || convert_to(jsonb_build_array(
           own_position, id, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), actor_id, actor_name,
           door, address, device, act, object_type, object_id, area_code, reason, facts
         )::text, 'UTF8'))
   where id = new.id;
  return null;
end $$;

create function audit_entry_stays() returns trigger language plpgsql as $$
begin
  -- the one change there is: the trigger above gives a row its link
  if tg_op = 'UPDATE' and pg_trigger_depth() > 1 and old.hash is null
     and to_jsonb(new) - '{position,previous,hash}'::text[] = to_jsonb(old) - '{position,previous,hash}'::text[]
  then
    return new;
  end if;
  raise exception 'the audit log is append-only' using errcode = 'insufficient_privilege';
end $$;

create trigger audit_entry_arrives before insert on audit_entry
  for each row execute function audit_entry_arrives();
create constraint trigger audit_entry_is_linked after insert on audit_entry
  deferrable initially deferred for each row execute function audit_entry_is_linked();
create trigger audit_entry_stays before update or delete on audit_entry
  for each row execute function audit_entry_stays();
create trigger audit_entry_is_never_emptied before truncate on audit_entry
  for each statement execute function audit_entry_stays();
revoke update, delete, truncate on audit_entry from public;
"""

BACKWARDS = """
drop trigger audit_entry_is_never_emptied on audit_entry;
drop trigger audit_entry_stays on audit_entry;
drop trigger audit_entry_is_linked on audit_entry;
drop trigger audit_entry_arrives on audit_entry;
drop function audit_entry_stays();
drop function audit_entry_is_linked();
drop function audit_entry_arrives();
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
