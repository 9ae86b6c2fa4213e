import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomText, Secret, systemClock } from '../../../src/core/index.ts';
import type { EventBody } from '../../../src/engine/index.ts';
import { type Journal, openJournal, openPostgresJournal } from '../../../src/journal/index.ts';
import type { Postgres } from '../../support/postgres.ts';

/** A store that runs are journalled in; made new for each rig. */
export interface Store {
  readonly name: string;
  readonly open: (isDead: IsDead) => Promise<Opened>;
}
export interface Opened extends AsyncDisposable {
  readonly journal: Journal<EventBody>;
  readonly place: Place;
}
/** What another process needs to open the same journal; plain JSON. */
export interface Place {
  /** Holds what the steps do outside, and a journal of SQLite. */
  readonly dir: string;
  readonly postgres?: { readonly port: number; readonly schema: string; readonly user: string; readonly password: string };
}
type IsDead = (owner: string) => boolean;

const VAULT_KEY = { from: 'setting', key: new Secret('0'.repeat(64)) } as const;

export async function openAt({ dir, postgres }: Place, isDead: IsDead): Promise<Journal<EventBody>> {
  if (!postgres) return openJournal<EventBody>({ dir, clock: systemClock, isDead, vaultKey: VAULT_KEY });
  const { port, schema, user, password } = postgres;
  const connection = { host: '127.0.0.1', port, database: 'postgres', user, password: new Secret(password), tls: { mode: 'off' }, schema } as const;
  return openPostgresJournal<EventBody>({ connection, clock: systemClock, vaultKey: VAULT_KEY, isDead });
}

export const sqlite: Store = { name: 'SQLite', open: (isDead) => opened({}, isDead) };

export function postgresOn(server: Postgres): Store {
  return {
    name: 'PostgreSQL',
    open: (isDead) => {
      const { port, user, password } = server.connection();
      return opened({ postgres: { port, user, password: password?.reveal() ?? '', schema: `test_${randomText(10)}` } }, isDead);
    },
  };
}

async function opened(rest: Omit<Place, 'dir'>, isDead: IsDead): Promise<Opened> {
  const place = { dir: mkdtempSync(join(tmpdir(), 'slipway-conformance-')), ...rest };
  const journal = await openAt(place, isDead);
  return {
    journal,
    place,
    [Symbol.asyncDispose]: async () => {
      await journal[Symbol.asyncDispose]();
      rmSync(place.dir, { recursive: true, force: true });
    },
  };
}
