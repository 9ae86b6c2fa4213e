import {
  ALGORITHMS,
  compareBy,
  type Evidence,
  type Metric,
  NOTHING_PROBED,
  parseEvidence,
  parseRecord,
  parseSeries,
  recordBytes,
  type Series,
  type Verdict,
} from '../analysis/index.ts';
import { canonicalJson, type Digest, digestOfBytes, EXIT, isArray, isObject, type Json, type JsonObject, messageOf, SlipwayError } from '../core/index.ts';
import type { JournalEvent, StepResult } from '../engine/index.ts';
import type { AnalysisCheck } from '../report/index.ts';
import { analysisInput, type AnalysisInput, plainMetric } from '../steps/index.ts';
import type { RunJournal } from './wiring.ts';

/** Differences told of one verdict. */
const MOST = 10;

/** A verdict as the journal has it. */
interface Recorded {
  readonly path: string;
  readonly attempt: number;
  readonly with: JsonObject;
  readonly result: StepResult;
}

/**
 * Compute every verdict of a run again from what was kept as evidence, by the method that recorded it, and say where the two differ. Nothing outside
 * is asked.
 *
 * @throws {SlipwayError} `NO_VERDICT` when the run has none.
 */
export async function checkAnalyses(journal: RunJournal, runId: string): Promise<readonly AnalysisCheck[]> {
  const recorded = recordedIn(await journal.read(runId));
  if (recorded.length === 0) {
    throw new SlipwayError('NO_VERDICT', `the run ${runId} has recorded no verdict`, { exitCode: EXIT.notFound, hint: 'only dual runs have verdicts' });
  }
  return Promise.all(
    recorded.map(async (each) => {
      const { path, attempt } = each;
      try {
        return { path, attempt, ...(await check(journal, each)) };
      } catch (thrown) {
        return { path, attempt, ok: false, differences: [messageOf(thrown)] };
      }
    }),
  );
}

function recordedIn(events: readonly JournalEvent[]): readonly Recorded[] {
  const created = events.find(({ body }) => body.type === 'runCreated')?.body;
  const nodes = created?.type === 'runCreated' ? created.graph.nodes : {};
  const started = new Map<string, JsonObject>();
  return events.flatMap(({ body }) => {
    if (body.type !== 'stepStarted' && body.type !== 'stepFinished') return [];
    const { path, attempt } = body;
    if (nodes[path.replaceAll(/\[\d+\]/g, '')]?.uses !== 'analysis') return [];
    if (body.type === 'stepStarted') started.set(`${path} ${attempt}`, body.with);
    const input = started.get(`${path} ${attempt}`);
    return body.type === 'stepFinished' && input !== undefined && isVerdict(body.result) ? [{ path, attempt, with: input, result: body.result }] : [];
  });
}

/** A step that failed for another reason than its verdict has recorded none. */
function isVerdict(result: StepResult): boolean {
  return !('error' in result) || result.error.code === 'ANALYSIS_FAILED' || result.error.code === 'ANALYSIS_INCONCLUSIVE';
}

type Checked = Omit<AnalysisCheck, 'path' | 'attempt'>;

async function check(journal: RunJournal, { with: raw, result }: Recorded): Promise<Checked> {
  const input = analysisInput(raw);
  const [evidence, series] = await Promise.all([optional(journal, input.evidence, parseEvidence), optional(journal, input.series, parseSeries)]);
  const question = { input, evidence, series };
  return 'error' in result ? checkFailed(journal, result.error, question) : checkOutputs(journal, result.outputs, question);
}

/** A step that failed has no outputs, but says its verdict in words; and what was kept of it has the digest that it must have. */
async function checkFailed(journal: RunJournal, error: { readonly code: string; readonly message: string }, question: Question): Promise<Checked> {
  const tried = ALGORITHMS.map((algorithm) => judge(question, algorithm));
  const same = tried.find(({ verdict }) => verdict.sentence === error.message);
  const { verdict, record } = same ?? judge(question, ALGORITHMS[0]);
  const words = same ? [] : [`the sentence was "${error.message}", and is now "${verdict.sentence}"`];
  const code = verdict.verdict === 'fail' ? 'ANALYSIS_FAILED' : 'ANALYSIS_INCONCLUSIVE';
  const codes = verdict.verdict === 'pass' || code !== error.code ? [`it ended with ${error.code}, and the verdict is now ${verdict.verdict}`] : [];
  const kept = same && (await journal.evidence(record)) === undefined ? [`no verdict with these bits was kept (${record})`] : [];
  return checked(verdict, question, [...words, ...codes, ...kept]);
}

async function checkOutputs(journal: RunJournal, outputs: JsonObject, question: Question): Promise<Checked> {
  const { verdict, record } = judge(question, textOf(outputs, 'algorithm'));
  const kept = parseRecord(await load(journal, textOf(outputs, 'record')));
  const now = JSON.parse(JSON.stringify(verdict)) as JsonObject; // what JSON.parse gives is JSON
  const inRecord = kept ? differences(kept.verdict, now, 'record') : ['what was kept is no verdict'];
  const told = Object.fromEntries(['verdict', 'sentence', 'algorithm', 'confidence', 'seed', 'metrics'].map((name) => [name, outputs[name] ?? null]));
  const inOutputs = differences(told, toldOf(now, told), 'outputs');
  const bits = inRecord.length === 0 && record !== outputs['record'] ? [`the record was ${textOf(outputs, 'record')}, and is now ${record}`] : [];
  return checked(verdict, question, [...inRecord, ...inOutputs, ...bits]);
}

function checked(verdict: Verdict, { evidence }: Question, found: readonly string[]): Checked {
  return { ok: found.length === 0, verdict, ...(evidence ? { evidence } : {}), differences: found.slice(0, MOST) };
}

/** The same members as the step told. */
function toldOf(now: JsonObject, told: JsonObject): JsonObject {
  return Object.fromEntries(Object.keys(told).map((name) => [name, now[name] ?? null]));
}

interface Question {
  readonly input: AnalysisInput;
  readonly evidence: Evidence | undefined;
  readonly series: Series | undefined;
}
function judge({ input, evidence, series }: Question, algorithm: string): { readonly verdict: Verdict; readonly record: Digest } {
  const metrics: readonly Metric[] = input.metrics.map(plainMetric);
  const { seed, confidence } = input;
  const options = { confidence, ...(seed === undefined ? {} : { seed }), ...(series === undefined ? {} : { series }) };
  const verdict = compareBy(algorithm, evidence ?? NOTHING_PROBED, metrics, options);
  return { verdict, record: digestOfBytes(recordBytes({ evidence: input.evidence, series: input.series, metrics, verdict })) };
}

async function optional<T>(journal: RunJournal, digest: string | undefined, parse: (bytes: Uint8Array) => T): Promise<T | undefined> {
  return digest === undefined ? undefined : parse(await load(journal, digest));
}

/** @throws {SlipwayError} `EVIDENCE_MISSING`, `EVIDENCE_TAMPERED`. */
async function load(journal: RunJournal, digest: string): Promise<Uint8Array> {
  const bytes = await journal.evidence(digest as Digest); // the shape of the step, or the check below, has seen its form
  if (bytes === undefined) throw new SlipwayError('EVIDENCE_MISSING', `the evidence ${digest} is gone`, { hint: 'restore the state folder from a backup' });
  if (digestOfBytes(bytes) !== digest) throw new SlipwayError('EVIDENCE_TAMPERED', `the evidence ${digest} was changed after it was kept`);
  return bytes;
}

function textOf(outputs: JsonObject, name: string): string {
  const value = outputs[name];
  if (typeof value === 'string') return value;
  throw new SlipwayError('EVIDENCE_INVALID', `the recorded verdict has no "${name}"`);
}

/** Where two documents differ, as words; null and absent are the same. */
function differences(recorded: Json, now: Json, path: string): readonly string[] {
  if (isArray(recorded) && isArray(now)) {
    const length = Math.max(recorded.length, now.length);
    return Array.from({ length }, (_, index) => differences(recorded[index] ?? null, now[index] ?? null, `${path}[${index}]`)).flat();
  }
  if (isObject(recorded) && isObject(now)) {
    const names = [...new Set([...Object.keys(recorded), ...Object.keys(now)])].sort();
    return names.flatMap((name) => differences(recorded[name] ?? null, now[name] ?? null, `${path}.${name}`));
  }
  const [was, is] = [canonicalJson(recorded), canonicalJson(now)];
  return was === is ? [] : [`${path} was ${was.slice(0, 200)}, and is now ${is.slice(0, 200)}`];
}
