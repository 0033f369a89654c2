-- A matcher of access rules of its own, to compare which rule decides about a login before and after a setup
-- for the networks 10.1.0.0/24 and fd00:1::/64. It takes a quoted "all" for all, as pg_hba_file_rules shows it.

create table rules (run text, n int, ours bool, quoted bool, type text, database text[], user_name text[],
	address text, netmask text, auth_method text, options text[], primary key (run, n));

-- look: keeps what pg_hba_file_rules shows now. Ours are the lines in blocks of pgrepl.
create function look(which text) returns void language sql as $$
	delete from rules where run = which;
	with lines as (
		select n, line, sum((line like '# BEGIN pgrepl (%')::int - (line like '# END pgrepl%')::int) over (order by n)
			> 0 as ours
		from regexp_split_to_table(pg_read_file('pg_hba.conf'), '\n') with ordinality as l(line, n)
	)
	insert into rules select which, row_number() over (), l.ours,
		exists (select from lines where n between r.line_number and r.line_number + 6
			and line ~ '"(all|replication|\+ops|samehost)"|@'),
		r.type, r.database, r.user_name, r.address, r.netmask, r.auth_method, r.options
	from pg_hba_file_rules r left join lines l on l.n = r.line_number
$$;

-- A login without a database is one of a walsender. place is the target of ours that it belongs to.
create table probes as
select row_number() over () as id, db, usr, address, ssl,
	case when address << '10.1.0.0/24' then 'ipv4' when address << 'fd00:1::/64' then 'ipv6'
		when address = '127.0.0.1' then 'own' else 'far' end as place
from unnest('{"",postgres,appdb,Odd Db,replica}'::text[]) db,
	unnest('{replica,app,intern,"Mixed, user",postgres}'::text[]) usr,
	unnest('{127.0.0.1,::1,10.1.0.0,10.1.0.1,10.1.0.66,10.1.0.130,10.1.0.255,10.2.3.4,fd00:1::,fd00:1::1,fd00:1::ffff,
		fd00:1::8000:0:0:1,fd00:2::1,192.168.9.9}'::inet[]) address,
	unnest('{t,f}'::bool[]) ssl;

create function matches(r rules, p probes) returns bool language sql stable as $$
	select case r.type when 'host' then true when 'hostnogssenc' then true when 'hostssl' then p.ssl
			when 'hostnossl' then not p.ssl else false end
		and case when p.db = '' then 'replication' = any (r.database)
			else r.database && array['all', p.db] or p.db = p.usr and r.database && '{sameuser,samerole,samegroup}' end
		and (r.user_name && array['all', p.usr] or p.usr in ('app', 'replica') and '+ops' = any (r.user_name)
			or '+' || p.usr = any (r.user_name))
		and case
			when r.netmask is not null then case when family(r.address::inet) = family(p.address)
				then r.address::inet & r.netmask::inet = p.address & r.netmask::inet else false end
			when r.address in ('samehost', 'samenet') or lower(r.address) = 'localhost' then p.address in ('127.0.0.1', '::1')
			else r.address = 'all' end
$$;

create function is_target(p probes) returns bool language sql immutable as $$
	select p.db = '' and p.usr = 'replica' and p.ssl and p.place <> 'far'
$$;

create function covers(r rules, p probes) returns bool language sql stable as $$
	select bool_and(matches(r, q)) from probes q where is_target(q) and q.place = p.place
$$;

create function rule_text(r rules) returns text language sql immutable as $$
	select row(r.type, r.database, r.user_name, r.address, r.netmask, r.auth_method, r.options)::text
$$;

-- What ours may do: nothing; decide, where another rule or none did before; have to decide.
create function ours_may(p probes, b rules, applications bool) returns text language sql stable as $$
	select case
		when not is_target(p) then case
			when b.n is null and p.ssl and p.place like 'ipv_' and p.db <> ''
				and (applications or p.db = 'postgres' and p.usr = 'replica') then 'must'
			else 'never' end
		when b.n is null then 'must'
		when b.auth_method = 'cert' or array_to_string(b.options, ' ') like '%clientcert=%' then 'never'
		when p.place = 'own' then case
			when b.auth_method = 'reject' and (b.address ilike 'localhost' or b.netmask <> '0.0.0.0')
				then 'never'
			when b.quoted then 'may'
			else 'must' end
		when not covers(b, p) then 'never'
		when b.quoted then 'may'
		else 'must' end
$$;

create function first_match(which text, p probes) returns rules language sql stable as $$
	select r from rules r where r.run = which and matches(r, p) order by r.n limit 1
$$;

-- The probes that are not decided as they should be.
create function wrong(applications bool) returns table (db text, usr text, address inet, ssl bool, before text, after text,
	ours text) language sql stable as $$
	with verdicts as materialized (
		select p, first_match('before', p) as b, first_match('after', p) as a from probes p
	)
	select (p).db, (p).usr, (p).address, (p).ssl, rule_text(b), rule_text(a), ours_may(p, b, applications) from verdicts
	where case ours_may(p, b, applications)
		when 'never' then (a).ours or rule_text(a) is distinct from rule_text(b)
		when 'must' then (a).ours is not true
		else (a).ours is not true and rule_text(a) is distinct from rule_text(b) end
$$;

-- All rules but ours, in their order.
create function others(which text) returns text language sql stable as $$
	select coalesce(string_agg(rule_text(r), E'\n' order by n), '') from rules r where run = which and not ours
$$;
