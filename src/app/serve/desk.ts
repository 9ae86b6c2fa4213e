import type { AccessObject, Gate, Identity } from '../../access/index.ts';
import { type Clock, digestOf, EXIT, type Json, newRunId, SlipwayError } from '../../core/index.ts';
import type { Store } from '../../store/index.ts';
import { type GivenInputs, readInputs, type ReadyInputs } from '../inputs.ts';
import { invalid } from '../load.ts';
import type { RunJournal } from '../wiring.ts';
import { environmentsOf, type Head, type Heads, runbookOf } from './heads.ts';
import { idForKey, keepOrder, type Order, type OrderKey, readOrder } from './order.ts';

/** What somebody asks for. */
export interface Asked {
  readonly identity: Identity;
  readonly repository: string;
  readonly runbook: string;
  readonly inputs: GivenInputs;
  /** A person who fills in a form gives text; a machine gives JSON, in which text is no number. */
  readonly isTyped: boolean;
  readonly requestedBy?: string;
  readonly cause: string;
  /** Asking again with the same key changes nothing. */
  readonly key?: Omit<OrderKey, 'about'>;
}
/** A plan that was made, to be run exactly. */
export interface AskedPlan extends Omit<Asked, 'inputs' | 'isTyped' | 'runbook' | 'repository'> {
  readonly plan: Order;
}
export interface Ordered {
  readonly order: Order;
  /** False when the same was asked before. */
  readonly fresh: boolean;
}
export interface DeskOptions {
  readonly store: Store;
  readonly journal: () => Promise<RunJournal>;
  readonly heads: Heads;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called when something was put into a queue. */
  readonly wake: (queue: string) => void;
}
/** Takes orders: what it has acknowledged is durable. */
export interface Desk {
  /** @throws {SlipwayError} `NOT_AUTHORIZED`, `RUNBOOK_NOT_FOUND`, `INVALID` with `problems`, `IDEMPOTENCY_MISMATCH`. */
  orderRun(asked: Asked): Promise<Ordered>;
  orderPlan(asked: Asked): Promise<Ordered>;
  /** @throws {SlipwayError} `NOT_AUTHORIZED`, `PLAN_NOT_READY`, `IDEMPOTENCY_MISMATCH`. */
  orderRunOf(asked: AskedPlan): Promise<Ordered>;
  order(id: string): Promise<Order | undefined>;
}
export const QUEUES = { run: 'runs', plan: 'plans' } as const;

/** Open the desk where people and machines ask for runs and plans. */
export function createDesk(options: DeskOptions): Desk {
  return {
    orderRun: (asked) => orderNew(options, 'run', asked),
    orderPlan: (asked) => orderNew(options, 'plan', asked),
    orderRunOf: (asked) => orderRunOf(options, asked),
    order: (id) => readOrder(options.store, id),
  };
}

/** The object that a gate judges, for a runbook as it is on the default branch. */
export function objectOf(head: Head, name: string): Extract<AccessObject, { kind: 'runbook' }> {
  const { name: runbook, runbook: content } = runbookOf(head, name);
  return { kind: 'runbook', runbook, environments: environmentsOf(content.phases) };
}

async function orderNew(options: DeskOptions, kind: Order['kind'], asked: Asked): Promise<Ordered> {
  const { heads, gate, signal } = options;
  const head = await heads.recent(asked.repository);
  const object = objectOf(head, asked.runbook);
  await gate.authorize(head.judges, { identity: asked.identity, action: kind === 'run' ? 'run.start' : 'plan.create', object }, signal);
  const schemas = runbookOf(head, asked.runbook).runbook.inputs ?? {};
  const ready = readInputs({ schemas, given: asked.inputs, preset: {}, isTyped: asked.isTyped });
  if ('problems' in ready) throw invalid(ready.problems);
  const { runbook, environments } = object;
  const about = [kind, asked.repository, runbook, ready.inputs.values];
  return take(options, {
    asked,
    about,
    kind,
    draft: { repository: asked.repository, runbook, environments, inputs: ready.inputs.values },
    secrets: ready.secrets,
  });
}

async function orderRunOf(options: DeskOptions, asked: AskedPlan): Promise<Ordered> {
  const { heads, gate, signal } = options;
  const { repository, runbook, environments, inputs, secrets, made, id } = asked.plan;
  const { judges } = await heads.recent(repository);
  await gate.authorize(judges, { identity: asked.identity, action: 'run.start', object: { kind: 'runbook', runbook, environments } }, signal);
  if (!made)
    throw new SlipwayError('PLAN_NOT_READY', `the plan ${id} is ${asked.plan.state}`, { exitCode: EXIT.locked, hint: `look again: GET /v1/plans/${id}` });
  const draft = { repository, runbook, environments, inputs, planDigest: made.digest, secrets };
  return take(options, { asked, about: ['run', repository, made.digest], kind: 'run', draft, secrets: {} });
}

interface Taken {
  readonly asked: Pick<Asked, 'identity' | 'requestedBy' | 'cause' | 'key'>;
  readonly about: Json;
  readonly kind: Order['kind'];
  readonly draft: Pick<Order, 'repository' | 'runbook' | 'environments' | 'inputs' | 'planDigest'> & Partial<Pick<Order, 'secrets'>>;
  readonly secrets: ReadyInputs['secrets'];
}

/** Make an order durable. A crash between two of these steps loses nothing: whoever got no answer asks again with the same key, and this goes on. */
async function take(options: DeskOptions, { asked, about, kind, draft, secrets }: Taken): Promise<Ordered> {
  const { store, clock, wake } = options;
  const { identity, requestedBy, cause, key } = asked;
  const now = clock.now();
  const fresh = kind === 'run' ? newRunId(now) : newRunId(now).replace(/^run-/, 'plan-');
  const id = key ? await idForKey(store, { ...key, about }, fresh) : fresh;
  const known = id === fresh ? undefined : await readOrder(store, id);
  const order: Order = known ?? {
    ...{ id, kind, cause, receivedAt: now, state: 'accepted' },
    ...draft,
    who: identity,
    secrets: draft.secrets ?? (await seal(options, id, secrets)),
    ...(requestedBy === undefined ? {} : { requestedBy }),
  };
  if (!known) await keepOrder(store, order);
  // Also for a known order: its first taker may have died before this line.
  await store.queues.enqueue(QUEUES[kind], { id, payload: { id }, ...orderOf(order) });
  wake(QUEUES[kind]);
  return { order, fresh: known === undefined };
}

/** The same change twice is one after the other; all others need not wait for each other. */
function orderOf({ kind, repository, runbook, inputs }: Order): { readonly orderKey?: string } {
  return kind === 'run' ? { orderKey: digestOf([repository, runbook, inputs]) } : {};
}

async function seal({ journal }: DeskOptions, id: string, secrets: ReadyInputs['secrets']): Promise<{ [input: string]: string }> {
  const entries = Object.entries(secrets);
  if (entries.length === 0) return {};
  const vault = await journal();
  return Object.fromEntries(await Promise.all(entries.map(async ([name, secret]) => [name, await vault.seal(id, secret)] as const)));
}
