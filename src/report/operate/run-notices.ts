import { formatDuration, type JsonObject } from '../../core/index.ts';
import { type EventBody, type JournalEvent, parseTaskPath, type RunData } from '../../engine/index.ts';
import type { PlanGraph } from '../../plan/index.ts';
import type { Notice } from '../../runbook/index.ts';
import type { Note } from '../../steps/index.ts';
import { clean } from '../clean.ts';

type Created = Extract<EventBody, { type: 'runCreated' }>;
/** Something about a run that people may want to know. */
export interface RunNotice {
  readonly notice: Notice;
  /** Phase it is about; absent for the run as a whole. */
  readonly phase?: string;
  readonly title: string;
  readonly mood: Note['mood'];
  readonly facts: Note['facts'];
  readonly next: Note['next'];
}
const MOST_WORDS = 300;

/**
 * What an event tells people, if anything. Made of names, codes, numbers and times only: what steps and machines said stays in the journal, where
 * those who may see it look. Of a called run only what it asks of people.
 */
export function runNoticeOf(event: JournalEvent, created: Created): RunNotice | undefined {
  const told = noticeOf(event, created);
  const asks = told?.notice === 'approvalNeeded' || told?.notice === 'attention';
  return created.parent && !asks ? undefined : told;
}

function noticeOf({ runId, body, at }: JournalEvent, { graph, actor }: Created): RunNotice | undefined {
  const { runbook } = graph;
  switch (body.type) {
    case 'runStarted':
      return {
        notice: 'runStarted',
        title: `${runbook} has begun`,
        mood: 'plain',
        facts: facts({ by: actor, environment: environmentsOf(graph) }),
        next: [`slipway watch ${runId}`],
      };
    case 'stepWaiting':
      return body.wait.type === 'gate' ? approval({ runId, graph, path: body.path, gate: body.wait.gate, at }) : undefined;
    case 'attentionRaised':
      return attention(runId, graph, body.path);
    case 'rollbackRequested':
      return {
        notice: 'rollbackRequested',
        title: `${runbook} is to be rolled back`,
        mood: 'bad',
        facts: facts({ trigger: body.trigger, by: body.by }),
        next: [`slipway watch ${runId}`],
      };
    case 'stepFinished':
      return 'error' in body.result && body.result.error.code === 'COMPLIANCE_FAILED' ? compliance(runId, graph, body.path) : undefined;
    case 'slaBreached':
      return sla(runId, graph, body.id);
    default:
      return undefined;
  }
}

interface Asked {
  readonly runId: string;
  readonly graph: PlanGraph;
  readonly path: string;
  readonly gate: { readonly approvers: readonly string[]; readonly required: number; readonly deadline?: number; readonly message: string };
  readonly at: number;
}

function approval({ runId, graph, path, gate, at }: Asked): RunNotice {
  const deadline = gate.deadline === undefined ? {} : { within: formatDuration(Math.max(0, gate.deadline - at)) };
  const asked = `${gate.required} of ${gate.approvers.join(', ')}`;
  return {
    ...{ notice: 'approvalNeeded', title: `${graph.runbook} waits for approval`, mood: 'warning', ...phaseOf(graph, path) },
    facts: facts({ step: path, 'asked of': asked, reason: clean(gate.message).slice(0, MOST_WORDS), ...deadline }),
    next: [`slipway status ${runId}`, `slipway approve ${runId} ${path}`, `slipway reject ${runId} ${path} --reason "<why>"`],
  };
}

function attention(runId: string, graph: PlanGraph, path: string): RunNotice {
  return {
    ...{ notice: 'attention', title: `${graph.runbook} needs a person`, mood: 'bad', ...phaseOf(graph, path) },
    facts: facts({ step: path }),
    next: [`slipway status ${runId}`, ...(path.includes('/') ? [`slipway resolve ${runId} ${path} --as retry|done|failed`] : [])],
  };
}

/** Says the command that sets it right where the runbook names one; what starts by itself is told with the run that it is. */
function compliance(runId: string, graph: PlanGraph, path: string): RunNotice {
  const { remediation } = graph;
  const command = remediation?.start === 'asked' ? [`slipway apply ${remediation.runbook}${inputWords(remediation.inputs)}`] : [];
  return {
    ...{ notice: 'complianceFailed', title: `${graph.runbook} found what policies forbid`, mood: 'bad', ...phaseOf(graph, path) },
    facts: facts({ step: path, ...(remediation?.start === 'automatic' ? { remediation: `${remediation.runbook} is started` } : {}) }),
    next: [`slipway logs ${runId} ${path}`, ...command],
  };
}

function sla(runId: string, graph: PlanGraph, id: string): RunNotice {
  const agreed = graph.sla.find((each) => each.id === id);
  return {
    ...{
      notice: 'slaBreached',
      title: `${graph.runbook} takes longer than agreed`,
      mood: 'bad',
      ...(agreed?.phase === undefined ? {} : { phase: agreed.phase }),
    },
    facts: facts({ sla: id, ...(agreed ? { agreed: formatDuration(agreed.durationMs), then: agreed.behavior } : {}) }),
    next: [`slipway status ${runId}`],
  };
}

const ENDS = {
  succeeded: ['succeeded', 'has succeeded', 'good'],
  failed: ['failed', 'has failed', 'bad'],
  rolledBack: ['rolledBack', 'was rolled back', 'warning'],
  rollbackFailed: ['rollbackFailed', 'could not be rolled back completely', 'bad'],
  cancelled: ['cancelled', 'was cancelled', 'warning'],
} as const satisfies { readonly [state: string]: readonly [Notice, string, Note['mood']] };

/** How a run ended: which step failed, with which code, and how long it all took. */
export function endNoticeOf(data: RunData): RunNotice | undefined {
  const { finished, created, startedAt, rollback, runId } = data;
  if (!finished || !created || created.parent || !Object.hasOwn(ENDS, finished.state)) return undefined;
  const [notice, words, mood] = ENDS[finished.state as keyof typeof ENDS]; // one of them, as was just asked
  const failed = [...data.tasks.values()].find(({ state, error }) => error !== undefined && (state === 'failed' || state === 'timedOut'));
  const undone = rollback ? { trigger: rollback.trigger, 'rollback took': formatDuration(Math.max(0, finished.at - rollback.at)) } : {};
  return {
    ...{ notice, title: `${created.graph.runbook} ${words}`, mood },
    facts: facts({
      ...{ environment: environmentsOf(created.graph), took: formatDuration(Math.max(0, finished.at - (startedAt ?? finished.at))) },
      ...(failed ? { step: failed.path, code: failed.error?.code ?? '' } : {}),
      ...undone,
    }),
    next: [`slipway status ${runId}`, ...(failed ? [`slipway logs ${runId} ${failed.path}`] : [])],
  };
}

/** Inputs as a person types them. */
export function inputWords(inputs: JsonObject): string {
  return Object.entries(inputs)
    .map(([name, value]) => ` --input ${name}=${typeof value === 'string' ? quoted(value) : quoted(JSON.stringify(value))}`)
    .join('');
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return /^[A-Za-z0-9_./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function environmentsOf({ phases }: PlanGraph): string {
  return [...new Set(phases.flatMap(({ environment }) => environment ?? []))].join(', ');
}

function phaseOf(graph: PlanGraph, path: string): { readonly phase?: string } {
  const phase = graph.nodes[parseTaskPath(path).node]?.phase;
  return phase === undefined ? {} : { phase };
}

function facts(values: { readonly [name: string]: string }): Note['facts'] {
  return Object.entries(values)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => ({ name, value }));
}
