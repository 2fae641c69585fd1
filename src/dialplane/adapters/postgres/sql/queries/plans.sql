-- Queries of the subject: plans.

-- name: changed
select * from plan_limits;

-- name: save
insert into plan_limits (
    plan, tokens_a_month, extensions, agents, queues, conferences, trunks, virtual_numbers, flows
) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (plan) do update set
    tokens_a_month = excluded.tokens_a_month, extensions = excluded.extensions, agents = excluded.agents,
    queues = excluded.queues, conferences = excluded.conferences, trunks = excluded.trunks,
    virtual_numbers = excluded.virtual_numbers, flows = excluded.flows;
