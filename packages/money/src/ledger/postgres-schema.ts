import { isAddressKey } from '../address.ts'
import { MoneyError } from '../error.ts'
import type { AccountKey } from '../ledger.ts'

/**
 * The schema of the database that holds the books of one contract: it is named by the first 28 bytes of the
 * contract's hash, as many as fit a name. Throws `MoneyError('address')`.
 */
export function schemaOf(contract: AccountKey): string {
  if (!isAddressKey(contract)) {
    throw new MoneyError('address', 'A contract is named by the raw form of its address')
  }
  const hash = contract.indexOf(':') + 1
  return `cocoon_${contract.slice(hash, hash + 56)}`
}

/** The version of `ledgerSql`, noted in the books. */
export const ledgerVersion = 3

/** What a function raises for a session whose lease is over. */
export const sessionOver = 'CC001'

const tables = `
  CREATE TABLE book (
    id integer PRIMARY KEY CHECK (id = 1),
    version integer NOT NULL,
    contract text NOT NULL,
    last_seqno integer NOT NULL,
    is_waiting boolean NOT NULL
  );
  CREATE TABLE client (
    owner text PRIMARY KEY,
    paid numeric NOT NULL,
    stake numeric NOT NULL,
    charged numeric NOT NULL,
    reserved numeric NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    total numeric(20) NOT NULL DEFAULT 0,
    announced numeric(20),
    committed numeric(20) NOT NULL DEFAULT 0,
    signed numeric(20) NOT NULL DEFAULT 0,
    moved_at xid8 NOT NULL DEFAULT pg_current_xact_id(),
    credit_lt numeric(20) NOT NULL DEFAULT 0,
    CHECK (0 <= signed AND signed <= committed AND committed <= total)
  ) WITH (fillfactor = 50);
  CREATE TABLE worker (
    owner text PRIMARY KEY,
    paid numeric(20) NOT NULL DEFAULT 0,
    total numeric(20) NOT NULL DEFAULT 0,
    announced numeric(20),
    committed numeric(20) NOT NULL DEFAULT 0,
    signed numeric(20) NOT NULL DEFAULT 0,
    moved_at xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CHECK (0 <= signed AND signed <= committed AND committed <= total)
  ) WITH (fillfactor = 50);
  CREATE TABLE session (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alive_until timestamptz NOT NULL
  );
  CREATE TABLE reservation (
    request_id text PRIMARY KEY,
    session bigint NOT NULL,
    client text NOT NULL,
    tokens numeric(20) NOT NULL CHECK (tokens >= 0)
  );
  CREATE INDEX reservation_session ON reservation (session);
  CREATE TABLE ended (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id text NOT NULL UNIQUE,
    client text NOT NULL,
    worker text,
    asked numeric(20),
    charged numeric(20)
  );
`

/** A plan is kept for as long as a connection lives: one made for small tables has to do for large ones. */
const byIndex = `SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
    SET plan_cache_mode = force_generic_plan`

const finish = `
  CREATE FUNCTION finish(of_session bigint, ids text[], workers text[], amounts numeric[], notes text[])
  RETURNS json LANGUAGE plpgsql ${byIndex} AS $$
  DECLARE
    codes json;
    charges json;
    spenders text[];
  BEGIN
    PERFORM require_session(of_session);
    PERFORM FROM client WHERE owner IN (SELECT client FROM reservation WHERE request_id = ANY (ids))
      ORDER BY owner FOR NO KEY UPDATE;
    PERFORM FROM worker WHERE owner = ANY (workers) ORDER BY owner FOR NO KEY UPDATE;
    WITH item AS MATERIALIZED (
      SELECT t.*, CASE WHEN t.worker IS NOT NULL THEN least(t.tokens, r.tokens) END AS charged, r.client, r.tokens AS held, w.owner AS known,
        r.tokens IS NOT NULL AND (t.worker IS NULL OR w.owner IS NOT NULL) AS is_done,
        e.number AS ended, e.client AS ended_client, e.worker AS ended_worker, e.asked, e.charged AS ended_charged
      FROM unnest(ids, workers, amounts, notes) WITH ORDINALITY AS t (id, worker, tokens, note, place)
      LEFT JOIN reservation r ON r.request_id = t.id
      LEFT JOIN ended e ON e.request_id = t.id
      LEFT JOIN worker w ON w.owner = t.worker
    ), gone AS (
      DELETE FROM reservation WHERE request_id = ANY (ARRAY(SELECT id FROM item WHERE is_done))
    ), noted AS (
      INSERT INTO ended (request_id, client, worker, asked, charged)
      SELECT id, client, worker, tokens, charged FROM item WHERE is_done ORDER BY place
    ), kept AS (
      INSERT INTO note (request_id, bytes, charged)
      SELECT id, decode(note, 'hex'), coalesce(charged, 0) FROM item WHERE is_done AND note IS NOT NULL ORDER BY place
    ), spent AS (
      UPDATE client c SET reserved = c.reserved - d.held, total = c.total + d.charged, moved_at = pg_current_xact_id()
      FROM (
        SELECT client, sum(held) AS held, coalesce(sum(charged) FILTER (WHERE worker IS NOT NULL), 0) AS charged
        FROM item WHERE is_done GROUP BY 1
      ) d WHERE c.owner = d.client
    ), earned AS (
      UPDATE worker w SET total = w.total + d.charged, moved_at = pg_current_xact_id()
      FROM (SELECT worker, sum(charged) AS charged FROM item WHERE is_done AND worker IS NOT NULL GROUP BY 1) d
      WHERE w.owner = d.worker
    )
    SELECT
      json_agg(CASE
        WHEN is_done THEN ''
        WHEN worker IS NOT NULL AND known IS NULL THEN 'account-unknown'
        WHEN ended IS NULL THEN 'request-unknown'
        WHEN ended_worker IS NULL THEN 'request-released'
        WHEN ended_worker IS DISTINCT FROM worker OR asked IS DISTINCT FROM tokens THEN 'request-conflict'
        ELSE ''
      END ORDER BY place),
      json_agg((CASE WHEN is_done THEN item.charged ELSE ended_charged END)::text ORDER BY place),
      array_agg(coalesce(item.client, ended_client) ORDER BY place)
    INTO codes, charges, spenders FROM item;
    RETURN json_build_object('codes', codes, 'charges', charges, 'spenders', spenders,
      'clients', (SELECT json_agg(seen(c)) FROM client c WHERE owner = ANY (spenders)),
      'workers', (SELECT json_agg(seen(w)) FROM worker w WHERE owner = ANY (workers)));
  END $$;
`

const notes = `
  CREATE TABLE note (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id text NOT NULL,
    bytes bytea NOT NULL,
    charged numeric(20) NOT NULL
  );
  CREATE INDEX note_request ON note (request_id);

  CREATE FUNCTION drop_notes(ids text[]) RETURNS void LANGUAGE plpgsql ${byIndex} AS $$
  BEGIN
    DELETE FROM note WHERE number IN (SELECT number FROM note WHERE request_id = ANY (ids) ORDER BY number FOR UPDATE);
  END $$;
`

const seenClient = `
  CREATE OR REPLACE FUNCTION seen(account client) RETURNS json LANGUAGE sql IMMUTABLE AS $$
    SELECT to_json(ARRAY[account.owner, account.paid::text, account.stake::text, account.charged::text,
      account.reserved::text, account.total::text, account.committed::text, account.signed::text,
      account.credit_lt::text])
  $$;
`

/**
 * Locks are always taken in the same order, so that no two transactions wait for each other: the session, the
 * book, clients by owner, workers by owner, notes by number. A statement that changes accounts follows one that has locked them,
 * and sees what others committed meanwhile.
 */
const functions = `
  CREATE FUNCTION require_session(of_session bigint) RETURNS void LANGUAGE plpgsql AS $$
  BEGIN
    PERFORM FROM session WHERE id = of_session AND alive_until > clock_timestamp() FOR KEY SHARE;
    IF NOT FOUND THEN RAISE EXCEPTION 'the lease of session % is over', of_session USING ERRCODE = '${sessionOver}'; END IF;
  END $$;

  ${seenClient}

  CREATE FUNCTION seen(account worker) RETURNS json LANGUAGE sql IMMUTABLE AS $$
    SELECT to_json(ARRAY[account.owner, account.paid::text, account.total::text, account.committed::text,
      account.signed::text])
  $$;

  CREATE FUNCTION available(account client) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
    SELECT greatest(0, least(account.paid, account.stake + account.charged) - account.reserved - account.total)
  $$;

  CREATE FUNCTION reserve(of_session bigint, ids text[], owners text[], amounts numeric[])
  RETURNS json LANGUAGE plpgsql ${byIndex} AS $$
  DECLARE
    item record;
    codes text[] := array_fill(NULL::text, ARRAY[cardinality(ids)]);
    taken integer[] := '{}';
    locked client;
  BEGIN
    -- Reservations end with the session: none is worth a wait for the disk.
    PERFORM set_config('synchronous_commit', 'off', true);
    PERFORM require_session(of_session);
    FOR item IN
      SELECT t.*, r.client AS held_by, r.tokens AS held, e.number AS ended
      FROM unnest(ids, owners, amounts) WITH ORDINALITY AS t (id, owner, tokens, place)
      LEFT JOIN reservation r ON r.request_id = t.id LEFT JOIN ended e ON e.request_id = t.id
      ORDER BY t.owner, t.place
    LOOP
      IF locked.owner IS DISTINCT FROM item.owner THEN
        SELECT * INTO locked FROM client WHERE owner = item.owner FOR NO KEY UPDATE;
      END IF;
      IF locked.owner IS NULL THEN codes[item.place] := 'account-unknown';
      ELSIF item.held_by = item.owner AND item.held = item.tokens THEN codes[item.place] := '';
      ELSIF item.held IS NOT NULL OR item.ended IS NOT NULL THEN codes[item.place] := 'request-conflict';
      ELSIF item.tokens > available(locked) THEN codes[item.place] := 'balance';
      ELSE
        locked.reserved := locked.reserved + item.tokens;
        codes[item.place] := '';
        taken := taken || item.place::integer;
      END IF;
    END LOOP;
    INSERT INTO reservation SELECT ids[p], of_session, owners[p], amounts[p] FROM unnest(taken) p;
    UPDATE client SET reserved = client.reserved + t.tokens, moved_at = pg_current_xact_id()
    FROM (SELECT owners[p] AS owner, sum(amounts[p]) AS tokens FROM unnest(taken) p GROUP BY 1) t
    WHERE client.owner = t.owner;
    RETURN json_build_object('codes', codes, 'clients', (SELECT json_agg(seen(c)) FROM client c WHERE owner = ANY (owners)));
  END $$;

  CREATE FUNCTION announce() RETURNS integer LANGUAGE plpgsql AS $$
  DECLARE
    state book;
    owners text[];
  BEGIN
    SELECT * INTO state FROM book FOR UPDATE;
    IF state.is_waiting THEN RETURN state.last_seqno; END IF;
    UPDATE book SET last_seqno = last_seqno + 1, is_waiting = true;
    SELECT array_agg(owner) INTO owners FROM
      (SELECT owner FROM client WHERE total <> committed ORDER BY owner FOR NO KEY UPDATE) moved;
    UPDATE client SET announced = total, moved_at = pg_current_xact_id() WHERE owner = ANY (owners);
    SELECT array_agg(owner) INTO owners FROM
      (SELECT owner FROM worker WHERE total <> committed ORDER BY owner FOR NO KEY UPDATE) moved;
    UPDATE worker SET announced = total, moved_at = pg_current_xact_id() WHERE owner = ANY (owners);
    RETURN state.last_seqno + 1;
  END $$;

  CREATE FUNCTION confirm(seqno integer) RETURNS void LANGUAGE plpgsql AS $$
  BEGIN
    PERFORM FROM book WHERE is_waiting AND last_seqno = seqno FOR UPDATE;
    IF NOT FOUND THEN RETURN; END IF;
    UPDATE book SET is_waiting = false;
    PERFORM FROM client WHERE announced IS NOT NULL ORDER BY owner FOR NO KEY UPDATE;
    UPDATE client SET committed = announced, announced = NULL, moved_at = pg_current_xact_id()
      WHERE announced IS NOT NULL;
    PERFORM FROM worker WHERE announced IS NOT NULL ORDER BY owner FOR NO KEY UPDATE;
    UPDATE worker SET committed = announced, announced = NULL, moved_at = pg_current_xact_id()
      WHERE announced IS NOT NULL;
  END $$;

  CREATE FUNCTION note(clients text[], client_signed numeric[], workers text[], worker_signed numeric[], worker_paid numeric[])
  RETURNS void LANGUAGE plpgsql AS $$
  BEGIN
    PERFORM FROM client WHERE owner = ANY (clients) ORDER BY owner FOR NO KEY UPDATE;
    PERFORM FROM worker WHERE owner = ANY (workers) ORDER BY owner FOR NO KEY UPDATE;
    UPDATE client c SET signed = greatest(c.signed, t.signed), moved_at = pg_current_xact_id()
      FROM unnest(clients, client_signed) t (owner, signed) WHERE c.owner = t.owner;
    UPDATE worker w SET signed = greatest(w.signed, t.signed), paid = greatest(w.paid, t.paid),
      moved_at = pg_current_xact_id()
      FROM unnest(workers, worker_signed, worker_paid) t (owner, signed, paid) WHERE w.owner = t.owner;
  END $$;

  CREATE FUNCTION leave(of_session bigint) RETURNS void LANGUAGE plpgsql AS $$
  BEGIN
    DELETE FROM session WHERE id = of_session;
    PERFORM FROM client WHERE owner IN (SELECT client FROM reservation r WHERE r.session = of_session)
      ORDER BY owner FOR NO KEY UPDATE;
    WITH gone AS (
      DELETE FROM reservation r WHERE r.session = of_session RETURNING r.*
    ), noted AS (
      INSERT INTO ended (request_id, client) SELECT request_id, client FROM gone
    )
    UPDATE client c SET reserved = c.reserved - g.tokens, moved_at = pg_current_xact_id()
    FROM (SELECT client, sum(tokens) AS tokens FROM gone GROUP BY 1) g WHERE c.owner = g.client;
  END $$;

  CREATE FUNCTION renew(of_session bigint, lease interval, remembered bigint) RETURNS void LANGUAGE plpgsql AS $$
  DECLARE
    dead bigint;
  BEGIN
    UPDATE session SET alive_until = clock_timestamp() + lease
      WHERE id = of_session AND alive_until > clock_timestamp();
    IF NOT FOUND THEN RAISE EXCEPTION 'the lease of session % is over', of_session USING ERRCODE = '${sessionOver}'; END IF;
    SELECT id INTO dead FROM session WHERE alive_until <= clock_timestamp() LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF FOUND THEN PERFORM leave(dead); END IF;
    DELETE FROM ended WHERE number <= (SELECT max(number) FROM ended) - remembered;
  END $$;
`

/** Makes the books of a contract in the schema that is the search path. */
export const ledgerSql = tables + notes + functions + finish

/**
 * Makes this version of an earlier one. What processes of the releases before use stays: they go on until they end.
 * Those of version 1 write no notes, those of version 2 tell no time of a credit.
 */
export const ledgerMigration = `
  PERFORM FROM book WHERE version < ${ledgerVersion} FOR UPDATE;
  IF EXISTS (SELECT FROM book WHERE version = 1) THEN
    ${notes} ${finish} UPDATE book SET version = 2;
  END IF;
  IF EXISTS (SELECT FROM book WHERE version = 2) THEN
    ALTER TABLE client ADD COLUMN credit_lt numeric(20) NOT NULL DEFAULT 0;
    ${seenClient} UPDATE book SET version = 3;
  END IF;
`

/** One row with what does not add up: all of it is 0 in books that balance. */
export const auditSql = `
  SELECT
    (SELECT coalesce(sum(total), 0) FROM client) - (SELECT coalesce(sum(total), 0) FROM worker) AS difference,
    (
      SELECT count(*) FROM client c
      LEFT JOIN (SELECT client, sum(tokens) AS tokens FROM reservation GROUP BY 1) r ON r.client = c.owner
      WHERE c.reserved <> coalesce(r.tokens, 0)
    ) AS wrong_reservations,
    (SELECT count(*) FROM reservation r WHERE NOT EXISTS (SELECT FROM client c WHERE c.owner = r.client)) AS stray
`
