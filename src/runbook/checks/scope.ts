import { isObject, type Json, type JsonObject } from '../../core/index.ts';
import { type ExprType, parseTemplate, type TypeScope, typeOf, typeOfJsonSchema, typeOfValue } from '../../expr/index.ts';
import { HOST_STATES } from '../../steps/index.ts';
import { outputTypeOf } from '../kinds.ts';
import { Metadata } from '../schema/common.ts';
import { Environment } from '../schema/estate.ts';
import { jsonSchemaOf } from '../shape/documents.ts';
import { isInRollback, type StepView } from '../walk/view.ts';
import { dualRunParts } from '../dual-run.ts';
import { type Context, textOf } from './context.ts';
import { reservedIds } from './ids.ts';

const ANY: ExprType = { type: 'any' };
const TEXT: ExprType = { type: 'string' };
const NUMBER: ExprType = { type: 'number' };
const OPEN: ExprType = { type: 'object', members: {}, open: true };

/** A closed object type. */
function record(members: { readonly [name: string]: ExprType }): ExprType {
  return { type: 'object', members, open: false };
}

/** How many hosts ended in each state, and what each of them gave, by name; names are known only with the inventory. */
const ON_HOSTS: ExprType = record({ recap: record(Object.fromEntries(HOST_STATES.map((state) => [state, NUMBER]))), hosts: OPEN });

/** Types of the names that are known everywhere in a runbook. */
export interface CommonScope {
  readonly inputs: ExprType;
  readonly runbook: ExprType;
  readonly environment: ExprType;
  readonly run: ExprType;
  /** What hosts say of themselves, by name; names are known only with the inventory. */
  readonly facts: ExprType;
  readonly steps: ExprType;
}

/** The common scope of one runbook; `steps` has all steps, whether or not they have run. */
export function commonScope(context: Context): CommonScope {
  return {
    inputs: inputsType(context.document['inputs']),
    runbook: typeOfJsonSchema(jsonSchemaOf(Metadata)),
    environment: environmentType(),
    run: record({ id: TEXT, rehearsal: { type: 'boolean' } }),
    facts: OPEN,
    steps: stepsType(context),
  };
}

function inputsType(inputs: Json | undefined): ExprType {
  if (!isObject(inputs)) return record({});
  return record(Object.fromEntries(Object.entries(inputs).map(([name, schema]) => [name, typeOfJsonSchema(schema)])));
}

function environmentType(): ExprType {
  const written = typeOfJsonSchema(jsonSchemaOf(Environment));
  if (written.type !== 'object') return OPEN;
  const { apiVersion: _version, kind: _kind, metadata: _metadata, ...members } = written.members;
  return record({ ...members, name: TEXT });
}

function stepsType(context: Context): ExprType {
  const members: { [id: string]: ExprType } = {};
  for (const step of context.steps) members[step.id] = stepType(step);
  for (const phase of context.phases) {
    const id = textOf(phase, 'id');
    if (id !== undefined) for (const [name, kind] of sugarSteps(phase, id)) members[name] = entry(outputsOf(context, kind));
  }
  return record(members);
}

/** The steps that keys of a phase become, with their kinds. */
export function sugarSteps(phase: JsonObject, id: string): readonly (readonly [string, string])[] {
  const [after, approval, probe, analysis, collect] = reservedIds(id).map(([name]) => name);
  const parts = dualRunParts(phase);
  const written: readonly (readonly [string | undefined, string, unknown])[] = [
    [after, 'pause', phase['after']],
    [approval, 'approval', phase['approval']],
    [probe, 'bench.probe', parts.probe],
    [collect, 'metrics.collect', parts.collect],
    [analysis, 'analysis', phase['analysis']],
  ];
  return written.flatMap(([name, kind, value]) => (name !== undefined && value !== undefined ? [[name, kind] as const] : []));
}

function outputsOf(context: Context, uses: string): ExprType {
  const kind = context.kinds.get(uses);
  return kind ? outputTypeOf(kind) : ANY;
}

function entry(outputs: ExprType): ExprType {
  return record({ outputs, state: TEXT, attempt: NUMBER });
}

function stepType(step: StepView): ExprType {
  if (!step.kind) return ANY;
  const outputs = step.kind.target === 'hosts' ? ON_HOSTS : outputTypeOf(step.kind);
  if (step.raw['foreach'] === undefined) return entry(outputs);
  return record({ items: { type: 'array', items: record({ outputs, state: TEXT }) }, outputs: ANY, state: TEXT });
}

/** Names a step has beside the common ones. It is evaluated once for all its hosts, so there is no host among them. */
export function stepScope(step: StepView, common: CommonScope): TypeScope {
  const loop = loopOf(step);
  return loop ? { ...common, item: itemType(loop, common), index: NUMBER } : { ...common };
}

/** What `changedWhen` and `failedWhen` see, host by host. */
export function verdictScope(step: StepView): TypeScope {
  return { result: step.kind ? outputTypeOf(step.kind) : ANY, host: record({ name: TEXT }) };
}

/** The step whose `foreach` gives the items: itself, or the one that a compensation, with all nested in it, undoes. */
function loopOf(step: StepView): StepView | undefined {
  if (step.raw['foreach'] !== undefined) return step;
  if (step.role === 'compensate') return step.owner?.raw['foreach'] === undefined ? undefined : step.owner;
  return step.owner && isInRollback(step) ? loopOf(step.owner) : undefined;
}

function itemType({ raw: { foreach } }: StepView, common: CommonScope): ExprType {
  if (typeof foreach !== 'string') {
    const written = typeOfValue(foreach ?? null);
    return written.type === 'array' ? written.items : ANY;
  }
  const parsed = parseTemplate(foreach);
  const type = parsed.ok ? typeOf(parsed.template, { ...common }).type : ANY;
  return type.type === 'array' ? type.items : ANY;
}
