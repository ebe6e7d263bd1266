"""What was there before: changes learn whom they reach, answers for whom they were given, hand-overs when they were."""

from django.db import migrations

# A change reaches the municipalities of its items, and those that use a service which its items do not account for.
REACH = """
insert into servicedesk_ticketorganisation (ticket_id, organisation_id)
select distinct t.id, m.id
  from servicedesk_ticket t
  join lateral (
    select i.organisation_id from cmdb_item i where i.id = t.item_id
    union select i.organisation_id from servicedesk_ticketitem x join cmdb_item i on i.id = x.item_id where x.ticket_id = t.id
    union select c.organisation_id from cmdb_service_consumers c where c.service_id = t.service_id and not exists (
      select from servicedesk_ticketservice s where s.ticket_id = t.id and s.service_id = t.service_id)
  ) felt on true
  join cmdb_organisation o on o.id = felt.organisation_id
  join cmdb_organisation m on m.tree_id = o.tree_id and o.lft between m.lft and m.rght
 where t.kind = 'change' and m.kind = 'municipality' and m.is_active
    on conflict do nothing;
insert into servicedesk_ticketservice (ticket_id, service_id)
select id, service_id from servicedesk_ticket where kind = 'change' and service_id is not null
    on conflict do nothing;
"""

# One answer of the committee becomes that of the municipality whose member gave it. Where the change still waits, the
# other municipalities that it reaches are asked as well. Who is member for the whole region answered for all.
APPROVALS = """
update servicedesk_approval a set organisation_id = (
  select m.id from cmdb_membership b
    join cmdb_organisation o on o.id = b.organisation_id
    join cmdb_organisation m on m.tree_id = o.tree_id and o.lft between m.lft and m.rght and m.kind = 'municipality'
    join servicedesk_ticket t on t.id = a.ticket_id
    left join servicedesk_ticketorganisation x on x.ticket_id = t.id and x.organisation_id = m.id
    left join cmdb_organisation h on h.id = t.organisation_id and h.tree_id = m.tree_id and h.lft between m.lft and m.rght
   where b.user_id = a.decided_by_id and b.role = 'commissioner'
   order by x.id is null and h.id is null, m.id limit 1)
 where a.role = 'commissioner' and a.decision <> 'waiting' and a.organisation_id is null;

insert into servicedesk_approval (ticket_id, role, organisation_id, decision, comment, created_at, updated_at)
select t.id, 'commissioner', m.id, 'waiting', '', now(), now()
  from servicedesk_ticket t
  join cmdb_organisation h on h.id = t.organisation_id
  join servicedesk_approval a on a.ticket_id = t.id and a.role = 'commissioner'
   and (a.organisation_id is null) = (a.decision = 'waiting')
  join cmdb_organisation m on m.kind = 'municipality' and m.is_active and (
    m.id in (select x.organisation_id from servicedesk_ticketorganisation x where x.ticket_id = t.id)
    or (m.tree_id = h.tree_id and h.lft between m.lft and m.rght)
    or (m.tree_id = h.tree_id and m.lft between h.lft and h.rght
        and not exists (select from servicedesk_ticketorganisation x where x.ticket_id = t.id)))
 where t.state = 'approval'
    on conflict do nothing;

delete from servicedesk_approval a using servicedesk_ticket t
 where t.id = a.ticket_id and t.state = 'approval' and a.role = 'commissioner' and a.decision = 'waiting'
   and a.organisation_id is null
   and exists (select from servicedesk_approval b where b.ticket_id = a.ticket_id and b.organisation_id is not null);
"""

# The timeline says when another supplier was named; the last stretch ends with the ticket.
HAND_OVERS = """
with steps as (
  select e.ticket_id, e.at, e.id,
         (e.data #>> '{before,supplier,id}')::bigint as before, (e.data #>> '{after,supplier,id}')::bigint as after
    from servicedesk_entry e where e.data -> 'after' ? 'supplier'
), starts as (
  select t.id as ticket_id, t.opened_at as at, 0::bigint as id,
         coalesce((select s.before from steps s where s.ticket_id = t.id order by s.at, s.id limit 1),
                  case when not exists (select from steps s where s.ticket_id = t.id) then t.supplier_id end) as supplier
    from servicedesk_ticket t
  union all select ticket_id, at, id, after from steps
), stretches as (
  select ticket_id, at, supplier, lead(at) over w as until, lead(id) over w is null as is_last
    from starts window w as (partition by ticket_id order by at, id)
), ends as (
  select s.ticket_id, s.at, case when s.is_last then t.supplier_id else s.supplier end as supplier,
         case when not s.is_last then s.until
              when t.state in ('closed', 'cancelled', 'rejected') then coalesce(t.closed_at, t.touched_at) end as until
    from stretches s join servicedesk_ticket t on t.id = s.ticket_id
)
insert into servicedesk_handover (ticket_id, supplier_id, handed_at, ended_at)
select e.ticket_id, o.id, e.at, case when e.until is not null then greatest(e.at, e.until) end
  from ends e join cmdb_organisation o on o.id = e.supplier
 where not exists (select from servicedesk_handover h where h.ticket_id = e.ticket_id)
 order by e.ticket_id, e.at;
"""
DAYS = 30


def fill(apps, schema_editor):
    for sql in (REACH, APPROVALS, HAND_OVERS):
        schema_editor.execute(sql, params=None)
    apps.get_model("servicedesk", "ReadingTerm").objects.get_or_create(supplier=None, defaults={"days": DAYS})


class Migration(migrations.Migration):
    dependencies = [("servicedesk", "0007_reach_and_hand_overs")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
