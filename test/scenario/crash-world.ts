import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cloudLedger, eventsIn, type EventRow, hostLedger } from './support.ts';

/** Something that happened on a stand-in machine, and the step that was recorded as working there at that moment. */
export interface Effect {
  readonly host: string;
  /** What was done, without names made up anew each time. */
  readonly what: string;
  readonly path: string;
  /** Was an intent of the step on this host on record, and no good result yet? */
  readonly isCovered: boolean;
}

const GOOD = new Set<unknown>(['ok', 'changed', 'skipped']);

export function isGood({ body }: EventRow): boolean {
  return GOOD.has((body['result'] as { readonly state?: unknown } | undefined)?.state);
}

/** What the machines say they did, beside what the journal says was meant to be done. */
export function effectsOf(home: string, run: string): readonly Effect[] {
  const events = eventsIn(home);
  return hostLedger(home, run).map(({ at, host, type, detail }) => {
    const intent = events.findLast((event) => event.body.type === 'hostStarted' && event.body['host'] === host && event.at <= at);
    const path = intent?.body.path ?? 'nothing';
    const result = events.find(
      ({ seq, body }) => seq > (intent?.seq ?? Infinity) && body.type === 'hostFinished' && body['host'] === host && body.path === path,
    );
    const what = `${type} ${JSON.stringify(detail)}`.replace(/(\.slipway-)[a-z0-9]+(-\d+\.\d+)?/, '$1*');
    return { host, what, path, isCovered: intent !== undefined && (result === undefined || at <= result.at) };
  });
}

interface MachineFile {
  readonly files: { readonly [path: string]: { readonly mode: number } };
  readonly services: object;
  readonly packages: object;
  readonly servers: { readonly [name: string]: { readonly weight: number } };
}

/** What is there when all is over: on every machine, and in the clouds. Times, ports and the like are left out. */
export function worldOf(home: string, run: string): object {
  const dir = join(home, 'rehearsals', run);
  const machines = readdirSync(join(dir, 'hosts', 'machines')).map((name) => {
    const { files, services, packages, servers } = read<MachineFile>(join(dir, 'hosts', 'machines', name));
    return [
      name,
      {
        files: Object.entries(files)
          .map(([path, { mode }]) => `${path} ${mode}`)
          .toSorted(),
        services,
        packages,
        servers,
      },
    ] as const;
  });
  const resources = readdirSync(join(dir, 'cloud', 'resources')).map((name) => read<{ urn: string; id: string }>(join(dir, 'cloud', 'resources', name)));
  return { machines: Object.fromEntries(machines), cloud: resources.map(({ urn, id }) => `${urn} ${id}`).toSorted() };
}

export function weightsIn(home: string, run: string): { readonly [server: string]: number } {
  const { servers } = read<MachineFile>(join(home, 'rehearsals', run, 'hosts', 'machines', 'erp-lb.json'));
  return Object.fromEntries(Object.entries(servers).map(([name, { weight }]) => [name, weight]));
}

/** What was done to each resource of the clouds, in order: `create`, `create delete`. */
export function cloudStories(home: string, run: string): { readonly [urn: string]: string } {
  const stories: Record<string, string> = {};
  for (const { op, urn } of cloudLedger(home, run)) stories[urn] = stories[urn] === undefined ? op : `${stories[urn]} ${op}`;
  return stories;
}

function read<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T; // written by the stand-ins only
}
