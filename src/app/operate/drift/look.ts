import { messageOf } from '../../../core/index.ts';
import { unsealDeep } from '../../../engine/index.ts';
import type { PlanGraph } from '../../../plan/index.ts';
import { type AnyKind, type HostCheck, kindOf, type Preview, type PreviewContext } from '../../../steps/index.ts';
import { hostOptionsOf } from '../../previews.ts';
import type { Session } from '../../types.ts';
import type { RunJournal, World } from '../../wiring.ts';
import type { DriftFinding } from './book.ts';
import type { Left } from './left.ts';

/** What looking needs. */
export interface Looking {
  readonly session: Session;
  readonly journal: RunJournal;
  readonly world: World;
  readonly graph: PlanGraph;
  readonly checkout: string;
}
/** What a look has found. `blind` is what could not be looked at, and why: that is no drift, and it is not all well. */
export interface Looked {
  readonly findings: readonly DriftFinding[];
  readonly blind: readonly string[];
  /** How many stacks and steps on hosts were compared. */
  readonly compared: number;
}
const MOST_CHANGES = 50;

/** Compare what a run left with what is there, one after the other. Only looks: the previews that plans are made of, with the values that the run used. */
export async function lookAt(looking: Looking, all: readonly Left[]): Promise<Looked> {
  const seen: Looked[] = [];
  for (const left of all) {
    looking.session.signal.throwIfAborted();
    seen.push(await lookOne(looking, left));
  }
  return {
    findings: seen.flatMap(({ findings }) => findings),
    blind: seen.flatMap(({ blind }) => blind),
    compared: seen.reduce((sum, { compared }) => sum + compared, 0),
  };
}

async function lookOne(looking: Looking, left: Left): Promise<Looked> {
  const { node, task } = left;
  const kind = kindOf(node.uses);
  if (!kind || !isComparable(left, kind)) return { findings: [], blind: [], compared: 0 };
  try {
    const preview = await previewOf(looking, left, kind);
    return { ...readPreview(preview, left), compared: 1 };
  } catch (cause) {
    looking.session.signal.throwIfAborted();
    return { findings: [], blind: [`${task.path}: ${codeOf(cause)}${looking.session.masker.mask(messageOf(cause))}`], compared: 0 };
  }
}

/** A command cannot tell whether it would change something, unless it says what shows that it need not run. */
function isComparable({ node }: Left, kind: AnyKind): boolean {
  if (kind.target === 'stack') return true;
  if (kind.target !== 'hosts' || !kind.preview) return false;
  return node.uses === 'ssh.copy' || node.hosts?.creates !== undefined || node.hosts?.unless !== undefined;
}

async function previewOf({ session, journal, world, graph, checkout }: Looking, { node, task }: Left, kind: AnyKind): Promise<Preview> {
  const { masker, signal } = session;
  const look = kind.target === 'stack' ? kindOf('pulumi.refresh') : kind;
  if (!look || look.target === 'control' || !look.preview) return { type: 'note', text: `${node.uses} cannot look` };
  const given = await unsealDeep(kind.target === 'stack' ? stackWords(task.with) : task.with, journal, masker);
  const hosts = (node.hosts?.names ?? []).filter((name) => name in graph.hosts).map((name) => world.host(name));
  const context: PreviewContext = { ports: world.ports, checkout, signal, hosts, options: hostOptionsOf(node), approximate: false };
  const parsed = look.with.safeParse(given);
  // It ran with a Slipway that had other words for it.
  return parsed.success ? look.preview(parsed.data, context) : { type: 'note', text: `its settings are no ${look.uses} of this slipway` };
}

/** What every stack operation says of its stack. */
function stackWords({ stack, config }: Left['task']['with']): { readonly stack: string; readonly config: Left['task']['with'][string] } {
  return { stack: typeof stack === 'string' ? stack : '', config: config ?? {} };
}

/** Names of what differs, never values: findings are kept and are told to people. */
function readPreview(preview: Preview, { task, node }: Left): Pick<Looked, 'findings' | 'blind'> {
  switch (preview.type) {
    case 'stack': {
      const real = preview.preview.changes.filter(({ op }) => op !== 'same' && op !== 'read');
      const changes = real
        .slice(0, MOST_CHANGES)
        .map(({ op, type, name, properties }) => `${op} ${name} (${type})${properties.length === 0 ? '' : `: ${properties.join(', ')}`}`);
      return { findings: real.length === 0 ? [] : [{ path: task.path, what: preview.stack, changes }], blind: [] };
    }
    case 'hosts':
      return {
        findings: preview.hosts.filter(hasDrifted).map(({ host }) => ({ path: task.path, what: host, changes: [`${node.uses} would change it again`] })),
        blind: preview.hosts.flatMap(({ host, verdict }) =>
          verdict === 'unreachable' || verdict === 'unknown' ? [`${task.path}: ${host} is ${verdict}`] : [],
        ),
      };
    case 'note':
      return { findings: [], blind: [`${task.path}: ${preview.text}`] };
  }
}

function hasDrifted({ verdict }: HostCheck): boolean {
  return verdict === 'wouldChange' || verdict === 'wouldRun';
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? `${String(cause.code)} ` : '';
}
