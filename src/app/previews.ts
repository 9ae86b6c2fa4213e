import { digestOf, isArray, isObject, type Json, type JsonObject, messageOf, Secret } from '../core/index.ts';
import { partialDeep, type Scope } from '../expr/index.ts';
import type { PlanBody, PlanGraph, PlanNode } from '../plan/index.ts';
import { type AnyKind, type HostOptions, kindOf, type Preview, type StackTarget } from '../steps/index.ts';
import type { World } from './wiring.ts';

export interface PreviewRequest {
  readonly graph: PlanGraph;
  readonly inputs: { readonly values: JsonObject; readonly secrets: readonly string[] };
  readonly world: World;
  readonly checkout: string;
  readonly signal: AbortSignal;
  readonly notice: (line: string) => void;
}
export interface Previews {
  readonly previews: PlanBody['previews'];
  readonly stacks: PlanBody['stacks'];
}
interface Task {
  readonly path: string;
  readonly node: PlanNode;
  readonly kind: AnyKind;
  readonly with: JsonObject;
  readonly approximate: boolean;
}

/** Stack previews are processes of their own; more than this at once only makes each slower. */
const MOST_AT_ONCE = 4;
const CHECK_TIMEOUT_MS = 30_000;

/** Look at what each step would do, without doing it. Independent looks happen at once; a look that fails ends the plan. */
export async function previewAll(request: PreviewRequest): Promise<Previews> {
  const tasks = tasksOf(request);
  const previews: { [path: string]: Preview } = {};
  const stacks: { [stack: string]: PlanBody['stacks'][string] } = {};
  await pool(tasks, async (task) => {
    if (task.kind.target === 'stack') request.notice(`previewing ${task.path}`);
    previews[task.path] = await previewOf(task, request);
    const stack = stackOf(task);
    if (stack !== undefined) stacks[stack] = await stackFacts(task, stack, request);
  });
  return { previews: sorted(previews), stacks: sorted(stacks) };
}

/** Only where the stacks of a plan stand now. */
export async function stacksNow(request: PreviewRequest): Promise<PlanBody['stacks']> {
  const stacks: { [stack: string]: PlanBody['stacks'][string] } = {};
  await pool(tasksOf(request), async (task) => {
    const stack = stackOf(task);
    if (stack !== undefined) stacks[stack] = await stackFacts(task, stack, request);
  });
  return sorted(stacks);
}

/** What of the stacks of a plan is not as it was left, in words; a stack that cannot be looked at is told too. */
export async function driftOf(request: PreviewRequest): Promise<readonly string[]> {
  const targets = new Map<string, StackTarget>();
  for (const task of tasksOf(request)) {
    const stack = stackOf(task);
    // The last step that touches a stack has the whole of its configuration, as every one of them has.
    if (stack !== undefined) targets.set(stack, targetOf(task, stack, request));
  }
  const found: string[] = [];
  for (const [stack, target] of [...targets].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const { changes } = await request.world.ports.pulumi.preview(target, 'refresh', { signal: request.signal });
    const other = changes.filter(({ op }) => op !== 'same' && op !== 'read' && op !== 'refresh');
    if (other.length > 0) found.push(`${stack}: ${other.map(({ op, name }) => `${op} ${name}`).join(', ')}`);
  }
  return found;
}

async function previewOf(task: Task, { world, checkout, signal, graph }: PreviewRequest): Promise<Preview> {
  const { kind, node } = task;
  if (kind.target === 'control' || !kind.preview) return { type: 'note', text: describe(task) };
  const parsed = kind.with.safeParse(task.with);
  if (!parsed.success) return { type: 'note', text: `${node.uses}: shown when earlier steps have run` };
  const hosts = (node.hosts?.names ?? []).filter((name) => name in graph.hosts).map((name) => world.host(name));
  return kind.preview(parsed.data, { ports: world.ports, checkout, signal, hosts, options: hostOptionsOf(node), approximate: task.approximate });
}

function describe({ kind, node, with: input }: Task): string {
  const parsed = kind.with.safeParse(input);
  try {
    return parsed.success ? kind.describe(parsed.data) : node.label;
  } catch (cause) {
    return `${node.label} (${messageOf(cause)})`;
  }
}

export function hostOptionsOf(node: PlanNode): HostOptions {
  const { creates, unless, become } = node.hosts ?? {};
  // A password is only known when the run starts; without one, sudo has to be allowed without asking for the look to see everything.
  const user = become?.['user'];
  const how = become === undefined ? {} : { become: { user: typeof user === 'string' ? user : 'root', method: 'sudo' as const } };
  return {
    ...how,
    timeoutMs: Math.min(node.timeoutMs, CHECK_TIMEOUT_MS),
    ...(creates === undefined ? {} : { creates }),
    ...(unless === undefined ? {} : { unless }),
  };
}

/** Every node that runs on the way forward, one task per item where the items are known. */
function tasksOf({ graph, inputs }: PreviewRequest): Task[] {
  const scope: Scope = {
    inputs: { ...inputs.values, ...Object.fromEntries(inputs.secrets.map((name) => [name, { $secret: `input:${name}` }])) },
    runbook: graph.metadata,
    steps: {},
  };
  const environments = new Map(graph.phases.map(({ id, environment }) => [id, graph.environment[environment ?? ''] ?? {}]));
  return Object.values(graph.nodes).flatMap((node) => {
    const kind = kindOf(node.uses);
    if (!kind || !['step', 'case', 'rescue'].includes(node.role)) return [];
    return itemsOf(node, { ...scope, environment: environments.get(node.phase) ?? {} }).map(({ suffix, scope: own }) => {
      const { value, approximate } = partialDeep(node.with, own);
      return { path: node.path + suffix, node, kind, with: unsealed(isObject(value) ? value : {}), approximate };
    });
  });
}

function itemsOf(node: PlanNode, scope: Scope): { readonly suffix: string; readonly scope: Scope }[] {
  if (node.foreach === undefined) return [{ suffix: '', scope }];
  const { value, approximate } = partialDeep(node.foreach, scope);
  if (approximate || !isArray(value)) return [{ suffix: '', scope }];
  return value.map((item, index) => ({ suffix: `[${index}]`, scope: { ...scope, item, index } }));
}

/** Place holders of secrets become secrets without text, so that shapes that accept secrets accept them. */
function unsealed(value: JsonObject): JsonObject {
  const walk = (part: Json): unknown => {
    if (isArray(part)) return part.map(walk);
    if (!isObject(part)) return part;
    if ('$secret' in part || '$secretText' in part) return new Secret('(secret, known when the run starts)');
    return Object.fromEntries(Object.entries(part).map(([key, child]) => [key, walk(child)]));
  };
  return walk(value) as JsonObject; // the kind's own shape checks it next
}

function stackOf({ kind, with: input }: Task): string | undefined {
  return kind.target === 'stack' && typeof input['stack'] === 'string' && input['stack'].includes('/') ? input['stack'] : undefined;
}

function targetOf(task: Task, stack: string, { checkout, graph }: PreviewRequest): StackTarget {
  const [program = '', name = ''] = stack.split('/');
  const config = isObject(task.with['config'] ?? null) ? (task.with['config'] as StackTarget['config']) : {}; // its own shape was checked
  return { program, name, checkout, config, runId: `plan-${graph.runbook}` };
}

async function stackFacts(task: Task, stack: string, request: PreviewRequest): Promise<PlanBody['stacks'][string]> {
  const { world, signal } = request;
  const state = await world.ports.pulumi.state({ ...targetOf(task, stack, request), config: {} }, { signal });
  const config = JSON.parse(JSON.stringify(task.with['config'] ?? {})) as Json; // Secrets say "[secret]" in JSON
  return { stateDigest: state.digest, configDigest: digestOf(config) };
}

async function pool(tasks: readonly Task[], work: (task: Task) => Promise<void>): Promise<void> {
  const waiting = [...tasks];
  const worker = async (): Promise<void> => {
    for (let task = waiting.shift(); task; task = waiting.shift()) await work(task);
  };
  await Promise.all(Array.from({ length: MOST_AT_ONCE }, worker));
}

function sorted<T>(record: { readonly [key: string]: T }): { [key: string]: T } {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
