import { isArray, isObject, type Json, type JsonObject } from '../../core/index.ts';
import { type ExprType, isTemplate, type TypeScope } from '../../expr/index.ts';
import { NumericSides, RatioSides } from '../../steps/index.ts';
import { withSchemaOf } from '../kinds.ts';
import { type Path, pathText } from '../path.ts';
import { DualRun, Runbook } from '../schema/runbook.ts';
import { Become } from '../schema/step.ts';
import { jsonSchemaOf } from '../shape/documents.ts';
import { schemasAt } from '../shape/schema-at.ts';
import { settingPath, type StepView } from '../walk/view.ts';
import { callInputs } from './calls.ts';
import { type Context, mapsIn } from './context.ts';
import { checkExpression, type Expects, type Place } from './expression.ts';
import { forbidsInPhase, forbidsInStep, type Forbids } from './readable.ts';
import { commonScope, type CommonScope, stepScope, verdictScope } from './scope.ts';

const BOOLEAN: ExprType = { type: 'boolean' };
const LIST: ExprType = { type: 'array', items: { type: 'any' } };
const TEXT: ExprType = { type: 'string' };

/** Texts of a JSON tree that hold expressions, with their paths. */
function* templatesIn(value: Json | undefined, path: Path = []): Generator<readonly [Path, string]> {
  if (typeof value === 'string') {
    if (isTemplate(value)) yield [path, value];
  } else if (value !== undefined && isArray(value)) {
    for (const [index, child] of value.entries()) yield* templatesIn(child, [...path, index]);
  } else if (isObject(value)) {
    for (const [key, child] of Object.entries(value)) yield* templatesIn(child, [...path, key]);
  }
}

/** Type-check every expression of a runbook; one where none is evaluated is a mistake. */
export function checkExpressions(context: Context): void {
  const evaluated = new Set<string>();
  const check = (place: Place): void => {
    evaluated.add(pathText(place.path));
    checkExpression(place, context.report);
  };
  const walk: Walk = { context, common: commonScope(context), check };
  for (const step of context.steps) checkStep(walk, step);
  for (const [index, phase] of context.phases.entries()) checkPhase(walk, phase, index);
  checkTop(walk);
  checkUnevaluated(context.document, { schema: jsonSchemaOf(Runbook), isEvaluated: (path) => evaluated.has(pathText(path)), report: context.report });
}

interface Unevaluated {
  readonly schema: JsonObject;
  readonly isEvaluated: (path: Path) => boolean;
  readonly report: Context['report'];
}

/** Report expressions where none is evaluated; below unknown keys, and in `uses`, something else is said already. */
export function checkUnevaluated(document: JsonObject, { schema, isEvaluated, report }: Unevaluated): void {
  for (const [path, text] of templatesIn(document)) {
    if (isEvaluated(path) || path.at(-1) === 'uses' || schemasAt(schema, path, document).length === 0) continue;
    const where = document['phases'] === undefined ? '' : '; expressions work in with, env, if, foreach and hosts';
    const hint = path.at(-1) === 'unless' ? 'values never become shell text; use "if" to decide by a value' : `write the value itself${where}`;
    const message = `${nameOf(path)} is used as it is written; no expression is evaluated here`;
    report({ code: 'EXPRESSION_NOT_HERE', path, message, hint, within: { text, offset: text.indexOf('${{') } });
  }
}

function nameOf(path: Path): string {
  return typeof path.at(-1) === 'number' ? `entry ${Number(path.at(-1)) + 1}` : `"${String(path.at(-1))}"`;
}

const nothing: Forbids = () => undefined;
const noInputs: Forbids = ({ name }) =>
  name === 'inputs'
    ? { code: 'NAME_NOT_HERE', message: '"inputs" is not known here', hint: 'inputs are made from the event: read ${{ event.data.<name> }}' }
    : undefined;

interface Walk {
  readonly context: Context;
  readonly common: CommonScope;
  readonly check: (place: Place) => void;
}
interface Rules {
  readonly scope: TypeScope;
  readonly forbids: Forbids;
}

function checkStep(walk: Walk, step: StepView): void {
  const rules: Rules = { scope: stepScope(step, walk.common), forbids: forbidsInStep(walk.context, step) };
  const { raw } = step;
  const schema = step.kind && withSchemaOf(step.kind);
  for (const [path, text] of templatesIn(step.settings)) {
    const expects: Expects = schema ? { schemas: schemasAt(schema, path, step.settings), root: schema } : { schemas: [], root: {} };
    walk.check({ path: settingPath(step, path), text, ...rules, expects });
  }
  checkKey(walk, step, 'if', { ...rules, expects: { type: BOOLEAN } });
  // The list is evaluated before there is an item; its own texts have none either.
  const { item: _item, index: _index, ...outside } = rules.scope;
  for (const [path, text] of templatesIn(raw['foreach'])) {
    walk.check({ path: [...step.path, 'foreach', ...path], text, ...rules, scope: outside, expects: { type: path.length === 0 ? LIST : { type: 'any' } } });
  }
  const verdict = { scope: verdictScope(step), forbids: nothing, expects: { type: BOOLEAN } };
  for (const key of ['changedWhen', 'failedWhen'] as const) checkKey(walk, step, key, verdict);
  checkKey(walk, step, 'hosts', { ...earlyRules(walk, rules), expects: { type: TEXT } });
  checkTree(walk, [...step.path, 'become'], raw['become'], { ...rules, schema: jsonSchemaOf(Become) });
}

/** Before the run only inputs, the runbook and the environment are known. */
function earlyRules({ common }: Walk, { forbids }: { readonly forbids: Forbids }): Rules {
  return { scope: { inputs: common.inputs, runbook: common.runbook, environment: common.environment }, forbids };
}

function checkKey(walk: Walk, step: StepView, key: string, rest: Omit<Place, 'path' | 'text'>): void {
  const text = step.raw[key];
  if (typeof text === 'string' && isTemplate(text)) walk.check({ path: [...step.path, key], text, ...rest });
}

function checkTree(walk: Walk, base: Path, value: Json | undefined, { schema, ...rules }: Rules & { readonly schema: JsonObject }): void {
  for (const [path, text] of templatesIn(value)) {
    walk.check({ path: [...base, ...path], text, ...rules, expects: { schemas: schemasAt(schema, path, value ?? null), root: schema } });
  }
}

function checkPhase(walk: Walk, phase: JsonObject, index: number): void {
  const before: Rules = { scope: { ...walk.common }, forbids: forbidsInPhase(walk.context, index) };
  const base: Path = ['phases', index];
  const condition = phase['if'];
  if (typeof condition === 'string' && isTemplate(condition)) walk.check({ path: [...base, 'if'], text: condition, ...before, expects: { type: BOOLEAN } });
  const inside: Rules = { ...before, forbids: forbidsInPhase(walk.context, index, 'steps') };
  checkTree(walk, [...base, 'with'], phase['with'], { ...inside, schema: jsonSchemaOf(DualRun) });
  const analysis = phase['analysis'];
  for (const [position, { kind, source }] of mapsIn(isObject(analysis) ? analysis['metrics'] : undefined)) {
    const schema = jsonSchemaOf(kind === 'ratio' ? RatioSides : NumericSides);
    checkTree(walk, [...base, 'analysis', 'metrics', position, 'source'], source, { ...inside, schema });
  }
  for (const [position, watch] of mapsIn(phase['watch'])) {
    const kind = typeof watch['uses'] === 'string' ? walk.context.kinds.get(watch['uses']) : undefined;
    checkTree(walk, [...base, 'watch', position, 'with'], watch['with'], { ...before, schema: kind ? withSchemaOf(kind) : {} });
  }
}

function checkTop(walk: Walk): void {
  const { document, phases } = walk.context;
  const ended: Rules = { scope: { ...walk.common }, forbids: forbidsInPhase(walk.context, phases.length) };
  checkTree(walk, ['outputs'], document['outputs'], { ...ended, schema: jsonSchemaOf(Runbook.shape.outputs) });
  const { concurrency } = document;
  const group = isObject(concurrency) ? concurrency['group'] : undefined;
  if (typeof group === 'string' && isTemplate(group)) {
    const scope = { inputs: walk.common.inputs, runbook: walk.common.runbook };
    walk.check({ path: ['concurrency', 'group'], text: group, scope, forbids: nothing, expects: { type: TEXT } });
  }
  for (const [index, trigger] of mapsIn(document['triggers'])) {
    if (isObject(trigger['event'])) checkEvent(walk, trigger['event'], ['triggers', index, 'event']);
  }
}

/** Inputs are made from the event and from nothing else; then the condition may read them too. */
function checkEvent(walk: Walk, event: JsonObject, base: Path): void {
  const { inputs, runbook } = walk.common;
  const scope: TypeScope = { inputs, runbook, event: { type: 'any' } };
  const { if: condition, inputs: given } = event;
  if (typeof condition === 'string' && isTemplate(condition))
    walk.check({ path: [...base, 'if'], text: condition, scope, forbids: nothing, expects: { type: BOOLEAN } });
  for (const [path, text] of templatesIn(given)) {
    walk.check({ path: [...base, 'inputs', ...path], text, scope, forbids: noInputs, expects: { type: { type: 'any' } } });
  }
  if (given === undefined) return;
  callInputs({ callee: walk.context.document, given, path: [...base, 'inputs'], owner: base, secrets: 'passed', report: walk.context.report });
}
