import type { Digest, Json } from '../../core/index.ts';
import { logLineOf, type Row, runOf } from '../rows.ts';
import { refersTo } from './families.ts';
import type { RunFate, WholeRun } from './port.ts';

/** Rows to parts of whole runs, the same for every store. */

export function fateOf(row: Row): RunFate {
  return {
    id: String(row['id']),
    state: String(row['state']),
    updatedAt: Number(row['updated_at']),
    lastSeq: Number(row['last_seq']),
    head: String(row['head']),
    isDriven: Number(row['driven']) === 1,
    refersTo: refersTo(JSON.parse(String(row['labels'])) as Json), // written by create
  };
}

export function wholeOf(
  row: Row,
  parts: { readonly events: readonly Row[]; readonly secrets: readonly Row[]; readonly logs: readonly Row[] },
): Omit<WholeRun, 'evidence'> {
  const { order: _here, lease: _ofNobody, lastSeq: _counted, ...run } = runOf(row);
  return {
    run: { ...run, leaseToken: Number(row['lease_token']), head: String(row['head']) as Digest },
    events: parts.events.map((event) => ({
      ...{ seq: Number(event['seq']), at: Number(event['at']), body: JSON.parse(String(event['body'])) as Json },
      ...{ prev: String(event['prev']) as Digest, hash: String(event['hash']) as Digest },
      ...(typeof event['posted_id'] === 'string' ? { postedId: event['posted_id'] } : {}),
    })),
    secrets: parts.secrets.map(({ id, sealed }) => ({ id: String(id), sealed: new Uint8Array(sealed as Uint8Array) })), // a column of bytes
    logs: parts.logs.map((line) => {
      const { id: _number, runId: _same, ...rest } = logLineOf(line);
      return rest;
    }),
  };
}
