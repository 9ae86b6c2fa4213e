import type { Note } from '../../../steps/index.ts';
import { inputWords } from '../../../report/index.ts';
import { orderRemedy } from '../remedy/order.ts';
import { tellAbout } from '../tell-about.ts';
import { type DriftRecord, driftKey } from './book.ts';
import type { DriftRequest } from './check.ts';

const MOST_FACTS = 8;

/** Tell what is news: drift that was not there before, or that is another now; and that it is gone. What is the same as at the last look is not told again. */
export async function tellDrift(request: DriftRequest, record: DriftRecord, before: DriftRecord | undefined): Promise<void> {
  const isNews = record.state === 'drifted' && before?.digest !== record.digest;
  if (isNews) {
    await audit(request, record);
    await remedy(request, record);
    await tell(request, record, 'driftFound');
  }
  if (record.state === 'clean' && before?.state === 'drifted') await tell(request, record, 'driftGone');
}

async function audit({ store }: DriftRequest, { runbook, runId, digest, findings }: DriftRecord): Promise<void> {
  const details = { run: runId ?? '', digest: digest ?? '', findings: findings.map(({ what, changes }) => `${what}: ${changes.length}`) };
  await store.audit.append({ actor: 'system', action: 'drift.found', object: runbook, details });
}

/** The runbook that sets it right, where it is to start by itself. */
async function remedy({ store, head }: DriftRequest, record: DriftRecord): Promise<void> {
  const { runbook: found, at, digest = '' } = record;
  const rule = remediationOf(head, found);
  if (rule?.start !== 'automatic') return;
  const repository = head.repository === undefined ? {} : { repository: head.repository };
  await orderRemedy(store, { cause: `drift ${driftKey(record)} ${at} ${digest}`, found, runbook: rule.runbook, inputs: rule.inputs ?? {}, at, ...repository });
}

function remediationOf({ estate }: DriftRequest['head'], runbook: string) {
  return estate.ok ? estate.value.repository.runbooks.get(runbook)?.runbook.remediation : undefined;
}

async function tell({ store, head }: DriftRequest, record: DriftRecord, notice: 'driftFound' | 'driftGone'): Promise<void> {
  const { runbook, at } = record;
  const isFound = notice === 'driftFound';
  const rule = remediationOf(head, runbook);
  const command = isFound && rule && rule.start !== 'automatic' ? [`slipway apply ${rule.runbook}${inputWords(rule.inputs ?? {})}`] : [];
  await tellAbout(store, head, {
    ...{ runbook, notice, at, about: `${notice} ${driftKey(record)} ${at}`, mood: isFound ? 'warning' : 'good' },
    title: isFound ? `${runbook} is not any more as its last run left it` : `${runbook} is again as its last run left it`,
    facts: isFound ? factsOf(record) : [],
    next: isFound ? ['slipway drift', ...command] : [],
  });
}

function factsOf({ findings }: DriftRecord): Note['facts'] {
  const shown = findings.slice(0, MOST_FACTS).map(({ what, changes }) => ({ name: what, value: changes.join('; ') }));
  return findings.length > MOST_FACTS ? [...shown, { name: 'and', value: `${findings.length - MOST_FACTS} more` }] : shown;
}
