import { isObject, type JsonObject } from '../../core/index.ts';
import type { Path } from '../path.ts';
import { callInputs } from './calls.ts';
import { type Context, mapsIn } from './context.ts';
import { checkTimes } from './rules.ts';

/** What happens without a person: times can be read, and what starts by itself needs nothing that only a person can give. */
export function checkOperation(context: Context): void {
  const { document, report } = context;
  for (const [index, { schedule }] of mapsIn(document['triggers'])) if (isObject(schedule)) checkSchedule(context, schedule, ['triggers', index, 'schedule']);
  const { drift, remediation } = document;
  if (isObject(drift) && isObject(drift['schedule'])) checkTimes(drift['schedule'], ['drift', 'schedule'], report);
  if (isObject(remediation)) checkRemediation(context, remediation);
}

function checkSchedule({ document, report }: Context, schedule: JsonObject, path: Path): void {
  checkTimes(schedule, path, report);
  callInputs({ callee: document, given: schedule['inputs'], path: [...path, 'inputs'], owner: path, secrets: 'givenLater', report });
  const secrets = Object.entries(isObject(document['inputs']) ? document['inputs'] : {}).filter(([, schema]) => isObject(schema) && schema['secret'] === true);
  for (const [name] of secrets) {
    const message = `a schedule cannot give the secret input "${name}"`;
    report({ code: 'SCHEDULE_SECRET', path, message, hint: 'let the step read the secret where it runs, or start the runbook by a person or a webhook' });
  }
}

function checkRemediation({ document, steps, report }: Context, remediation: JsonObject): void {
  const { metadata } = document;
  const own = isObject(metadata) ? metadata['name'] : undefined;
  const scans = steps.some(({ uses }) => uses === 'compliance.scan');
  if (own !== undefined && remediation['runbook'] === own && scans)
    report({
      code: 'REMEDIATION_LOOP',
      path: ['remediation', 'runbook'],
      message: 'a scan cannot be its own remediation',
      hint: 'name the runbook that changes something',
    });
  if (!scans && !isObject(document['drift']))
    report({
      code: 'REMEDIATION_UNUSED',
      severity: 'warning',
      path: ['remediation'],
      atKey: true,
      message: 'no step of this runbook is a compliance.scan and it has no drift rule, so that there is never anything to set right',
      hint: 'add one of them, or remove the remediation',
    });
}
