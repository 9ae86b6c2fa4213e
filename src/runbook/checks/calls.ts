import { isObject, type Json, type JsonObject } from '../../core/index.ts';
import { isTemplate } from '../../expr/index.ts';
import type { ParsedDocument } from '../parse.ts';
import type { Path } from '../path.ts';
import type { Mistake } from '../report.ts';
import { requiredInputs } from '../resolve.ts';
import { shown } from '../shape/words.ts';
import { collectSteps } from '../walk/collect.ts';
import { suggest } from './context.ts';
import { loopIn } from './estate.ts';
import { misfit } from './inputs.ts';

const CALL = 'runbook.call';

interface Call {
  readonly name: string;
  /** Path of the step's `with`. */
  readonly path: Path;
  readonly inputs: Json | undefined;
}

/** Runbooks that call others: the others exist, get their inputs, and never come back. */
export function checkCalls(runbooks: ReadonlyMap<string, ParsedDocument>): void {
  const calls = new Map([...runbooks].map(([name, document]) => [name, callsIn(document.raw ?? {})]));
  for (const [caller, list] of calls) {
    const report = runbooks.get(caller)?.reporter.report;
    for (const call of report ? list : []) checkCall({ call, runbooks, report: report ?? (() => undefined) });
  }
  const loop = loopIn(new Map([...calls].map(([name, list]) => [name, list.map((call) => call.name)])));
  const [caller = '', callee] = loop ?? [];
  const call = calls.get(caller)?.find(({ name }) => name === callee);
  if (!loop || !call) return;
  const message = loop.length === 2 ? `runbook "${caller}" calls itself` : `runbooks call each other: ${loop.join(' → ')}`;
  runbooks
    .get(caller)
    ?.reporter.report({ code: 'CALL_LOOP', path: [...call.path, 'runbook'], message, hint: 'such a run would never end; remove one of the calls' });
}

function callsIn(document: JsonObject): readonly Call[] {
  return collectSteps(document, new Map()).flatMap(({ uses, settings, path }) => {
    const name = settings['runbook'];
    if (uses !== CALL || typeof name !== 'string' || isTemplate(name)) return [];
    return [{ name, path: [...path, 'with'], inputs: settings['inputs'] }];
  });
}

function checkCall({
  call,
  runbooks,
  report,
}: {
  readonly call: Call;
  readonly runbooks: ReadonlyMap<string, ParsedDocument>;
  readonly report: (mistake: Mistake) => void;
}): void {
  const callee = runbooks.get(call.name);
  if (!callee) {
    report({
      code: 'UNKNOWN_RUNBOOK',
      path: [...call.path, 'runbook'],
      message: `there is no runbook "${call.name}" in this repository`,
      hint: suggest(call.name, [...runbooks.keys()], 'runbook'),
    });
  } else if (callee.raw) callInputs({ callee: callee.raw, given: call.inputs, path: [...call.path, 'inputs'], owner: call.path, secrets: 'passed', report });
}

interface GivenInputs {
  readonly callee: JsonObject;
  readonly given: Json | undefined;
  readonly path: Path;
  /** Where a missing input is reported. */
  readonly owner: Path;
  /** Secret inputs are passed on by an expression, or a person gives them when the run starts. */
  readonly secrets: 'passed' | 'givenLater';
  readonly report: (mistake: Mistake) => void;
}

/** Do the given inputs fit the runbook that gets them? */
export function callInputs({ callee, given, path, owner, secrets, report }: GivenInputs): void {
  const inputs = isObject(callee['inputs']) ? callee['inputs'] : {};
  const values = isObject(given) ? given : {};
  for (const [name, value] of Object.entries(values)) {
    const schema = inputs[name];
    if (!isObject(schema)) {
      report({
        code: 'UNKNOWN_INPUT',
        path: [...path, name],
        atKey: true,
        message: `the runbook has no input "${name}"`,
        hint: suggest(name, Object.keys(inputs), 'input'),
      });
    } else if (schema['secret'] === true && !(secrets === 'passed' && isExpression(value))) {
      report({
        code: 'SECRET_LITERAL',
        path: [...path, name],
        message: `input "${name}" is secret and cannot be given in a file`,
        hint: secrets === 'passed' ? 'pass a secret on: ${{ inputs.<name> }}' : 'give it when the run starts',
      });
    } else if (!isExpression(value)) {
      const wrong = misfit(schema, value);
      if (wrong !== undefined)
        report({ code: 'BAD_INPUT', path: [...path, name], message: `${shown(value)} does not fit input "${name}": ${wrong}`, hint: 'change the value' });
    }
  }
  for (const name of requiredInputs(callee)) {
    if (Object.hasOwn(values, name) || (secrets === 'givenLater' && isSecret(inputs[name]))) continue;
    report({ code: 'MISSING_INPUT', path: isObject(given) ? path : owner, message: `the runbook needs input "${name}"`, hint: `add inputs: {${name}: …}` });
  }
}

function isExpression(value: Json): boolean {
  return typeof value === 'string' && isTemplate(value);
}

function isSecret(schema: Json | undefined): boolean {
  return isObject(schema) && schema['secret'] === true;
}
