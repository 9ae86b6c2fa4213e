import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Json, JsonObject } from '../../core/index.ts';
import { appendLine, readIfThere, writeWhole } from './files.ts';

/** One thing that exists in the rehearsed cloud. */
export interface WorldResource {
  readonly provider: string;
  readonly type: string;
  readonly id: string;
  readonly urn: string;
  readonly stack: string;
  /** What Pulumi asked for last; secrets are hashed. */
  readonly inputs: JsonObject;
  /** What is there now; drift changes it. */
  readonly props: JsonObject;
}
/** One effect on the rehearsed cloud, in the order they happened. */
export interface LedgerEntry {
  readonly at: string;
  readonly op: 'create' | 'update' | 'delete' | 'drift' | 'seed';
  readonly provider: string;
  readonly stack: string;
  readonly type: string;
  readonly urn: string;
  readonly id: string;
}
/** The rehearsed cloud on disk: one file per resource and one ledger; every write is atomic. */
export interface World {
  readonly dir: string;
  /** Key for the hashes of secrets; it belongs to this world only. */
  readonly sealKey: Buffer;
  get(type: string, id: string): WorldResource | undefined;
  all(): readonly WorldResource[];
  put(resource: WorldResource, op: LedgerEntry['op']): void;
  remove(resource: WorldResource): void;
  /** How many resources this URN ever had; gives each replacement an id of its own. */
  births(urn: string): number;
  ledger(): readonly LedgerEntry[];
}

/** Open, or make, the world in a folder. */
export function openWorld(dir: string, now: () => number): World {
  const resources = join(dir, 'resources');
  const ledgerFile = join(dir, 'ledger.jsonl');
  mkdirSync(resources, { recursive: true, mode: 0o700 });
  const fileOf = (type: string, id: string) => join(resources, `${createHash('sha256').update(`${type}\n${id}`).digest('hex').slice(0, 32)}.json`);
  const record = (op: LedgerEntry['op'], { provider, stack, type, urn, id }: WorldResource) =>
    appendLine(ledgerFile, JSON.stringify({ at: new Date(now()).toISOString(), op, provider, stack, type, urn, id } satisfies LedgerEntry));
  const ledger = (): LedgerEntry[] =>
    (readIfThere(ledgerFile) ?? '')
      .split('\n')
      .filter((line) => line !== '')
      .map(parse<LedgerEntry>);
  return {
    dir,
    sealKey: sealKeyOf(dir),
    get: (type, id) => parseIfThere(readIfThere(fileOf(type, id))),
    all: () =>
      readdirSync(resources)
        .filter((name) => name.endsWith('.json'))
        .map((name) => parse<WorldResource>(readFileSync(join(resources, name), 'utf8'))),
    put: (resource, op) => {
      writeWhole(fileOf(resource.type, resource.id), JSON.stringify(resource, undefined, 2));
      record(op, resource);
    },
    remove: (resource) => {
      rmSync(fileOf(resource.type, resource.id), { force: true });
      record('delete', resource);
    },
    births: (urn) => ledger().filter((entry) => entry.urn === urn && entry.op === 'create').length,
    ledger,
  };
}

function sealKeyOf(dir: string): Buffer {
  const file = join(dir, 'seal.key');
  // Made once by whoever starts the world, before any plugin runs.
  if (!existsSync(file)) writeWhole(file, randomBytes(32).toString('hex'));
  return Buffer.from(readFileSync(file, 'utf8'), 'hex');
}

function parse<T extends { readonly [key in keyof T]: Json }>(text: string): T {
  return JSON.parse(text) as T; // written by this module only
}

function parseIfThere(text: string | undefined): WorldResource | undefined {
  return text === undefined ? undefined : parse<WorldResource>(text);
}
