import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostRule, PlanGraph, PlanNode } from '../../src/plan/index.ts';
import type { Host } from '../../src/steps/index.ts';
import type { Sshd } from '../support/sshd.ts';
import { graphOf, hostRule, node } from '../engine/support.ts';

/** In order. The first may be repeated; the others are `manual`. */
export const STEPS = ['prepare', 'once', 'last'] as const;
const FAULTS = ['before', 'after', 'resetBefore', 'resetAfter'] as const;
type Fault = (typeof FAULTS)[number];

/** Many machines that are one sshd under many loopback addresses. All of it is JSON. */
export interface World {
  readonly dir: string;
  readonly addresses: readonly string[];
  readonly template: Host;
  readonly atOnce: number;
  /** By `address.step`. */
  readonly faults: { readonly [place: string]: Fault };
}

/**
 * What every step does on a machine: one line in the ledger outside, unless its fault says otherwise. A reset ends the server's process of this very
 * connection, and happens once.
 */
const ACT = `step=$1; address=$2
effect() { echo "$step $address" >>"$DIR/ledger"; }
reset() {
  rm "$DIR/faults/$address.$step"
  process=$$
  while ! grep -q '^sshd' "/proc/$process/comm"; do process=$(sed 's/.*) //' "/proc/$process/stat" | cut -d' ' -f2); done
  kill -KILL "$process"
  sleep 5
}
fault=$(cat "$DIR/faults/$address.$step" 2>/dev/null)
case $fault in
  before) exit 1 ;;
  after) effect; exit 1 ;;
  resetBefore) reset ;;
  resetAfter) effect; reset ;;
  *) effect ;;
esac
`;

export async function makeWorld(
  sshd: Sshd,
  { hosts, atOnce, random }: { readonly hosts: number; readonly atOnce: number; readonly random: () => number },
): Promise<World> {
  const dir = join(sshd.dir, 'world');
  const addresses = Array.from({ length: hosts }, (_, index) => `127.88.${1 + Math.floor(index / 250)}.${1 + (index % 250)}`);
  const faults: { [place: string]: Fault } = {};
  for (const [index, fault] of Array.from({ length: Math.ceil(hosts * 0.03) }, (_, nth) => FAULTS[nth % FAULTS.length] ?? 'before').entries()) {
    const address = addresses[Math.floor((hosts * (index + random())) / Math.ceil(hosts * 0.03))] ?? '';
    faults[`${address}.${STEPS[Math.floor(random() * STEPS.length)]}`] = fault;
  }
  await mkdir(join(dir, 'faults'), { recursive: true });
  for (const [place, fault] of Object.entries(faults)) await writeFile(join(dir, 'faults', place), fault);
  await writeFile(join(dir, 'act'), ACT);
  await writeFile(join(dir, 'ledger'), '');
  const world: World = { dir, addresses, template: sshd.host, atOnce, faults };
  await writeFile(join(dir, 'world.json'), JSON.stringify(world));
  return world;
}

export function readWorld(dir: string): World {
  return JSON.parse(readFileSync(join(dir, 'world.json'), 'utf8')) as World; // written above
}

export function hostAt({ template }: World, address: string): Host {
  return { ...template, name: address, address };
}

export function worldGraph({ dir, addresses, atOnce }: World): PlanGraph {
  const rule: HostRule = hostRule(addresses, { throttle: atOnce, maxFailPercentage: 10 });
  const nodes = STEPS.map((id, index): PlanNode =>
    node(`all/${id}`, {
      uses: 'ssh.run',
      needs: index === 0 ? [] : [`all/${STEPS[index - 1]}`],
      hosts: rule,
      idempotency: index === 0 ? 'safe' : 'manual',
      with: { cmd: `set -- $SSH_CONNECTION; exec sh "$DIR/act" ${id} "$3"`, env: { DIR: dir } },
      timeoutMs: 1_800_000,
    }),
  );
  return graphOf(nodes, { rollback: { on: [], budgetMs: 1_000, git: 'none' } });
}

/** How often each step took effect on each machine, by `step address`, as the machines themselves tell. */
export function effectsOf({ dir }: Pick<World, 'dir'>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const line of readFileSync(join(dir, 'ledger'), 'utf8').split('\n')) if (line !== '') counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}
