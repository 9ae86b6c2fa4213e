import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ENTRIES } from '../../src/cli/registry.ts';
import { cloudLedger, type Ended, type EventRow, eventsIn, hostLedger, ROOT, runSlipway, scenarioHome } from './support.ts';

/** The runbooks of this repository, and the commands its documents show. */

interface Seen {
  readonly ended: Ended;
  readonly run: string;
  readonly home: string;
  readonly results: ReadonlyMap<string, string>;
}
interface Rehearsal {
  readonly words: readonly string[];
  readonly code: number;
  /** Further inputs, which only make it quicker. */
  readonly quick?: readonly string[];
  readonly check: (seen: Seen) => void;
}

const ANALYTICS = 21;
const created = ({ home, run }: Seen, stack: string): number =>
  cloudLedger(home, run).filter(({ op, urn }) => op === 'create' && urn.startsWith(`urn:pulumi:${stack}::`)).length;

/** How each step of a run ended, by its path; the last attempt counts. */
function resultsOf(events: readonly EventRow[]): ReadonlyMap<string, string> {
  return new Map(events.flatMap(({ body }) => (body.type === 'stepFinished' ? [[body.path ?? '', (body['result'] as { state: string }).state] as const] : [])));
}

const REHEARSALS: { readonly [command: string]: Rehearsal } = {
  'provision-analytics': {
    words: ['provision-analytics'],
    code: 0,
    check: (seen) => assert.equal(created(seen, 'staging'), ANALYTICS),
  },
  'regional-analytics': {
    words: ['regional-analytics'],
    code: 0,
    check: (seen) => {
      for (const region of ['eu-central-1', 'eu-west-1']) assert.equal(created(seen, region), ANALYTICS);
      assert.deepEqual([seen.results.get('provision/drift-free[0]'), seen.results.get('provision/drift-free[1]')], ['ok', 'ok']);
    },
  },
  'regional-analytics --drift aws-analytics/eu-west-1': {
    words: ['regional-analytics', '--drift', 'aws-analytics/eu-west-1'],
    code: 1,
    check: ({ ended, results }) => {
      assert.match(ended.stderr, /aws-analytics\/eu-west-1 should not change, but would/);
      assert.equal(results.get('provision/drift-free[0]') ?? 'ok', 'ok', 'the other region was not touched');
      assert.equal(results.get('provision/drift-free[1]'), 'failed');
    },
  },
  'compliance-scan': {
    words: ['compliance-scan'],
    code: 0,
    check: ({ results }) => assert.deepEqual([results.get('scan/judge'), results.get('scan/finally/tell')], ['ok', 'ok']),
  },
  'base-servers': {
    words: ['base-servers'],
    code: 0,
    check: ({ home, run, results }) => {
      const mutating = ['packages', 'account', 'tools', 'limits', 'clock', 'time', 'new-settings'];
      assert.deepEqual([...new Set(mutating.map((id) => results.get(`base/${id}`)))], ['changed']);
      assert.equal(results.get('base/told'), undefined, 'facts said that it is a Debian');
      const onFirst = hostLedger(home, run).filter(({ host }) => host === 'app-stage-1');
      assert.deepEqual(
        onFirst.flatMap(({ type, detail }) => (type === 'package' || type === 'service' || type === 'user' ? [detail['action']] : [])),
        ['install', 'add', 'enable', 'start', 'restart'],
      );
    },
  },
  'base-servers --fail base/new-settings': {
    words: ['base-servers', '--fail', 'base/new-settings'],
    code: 13,
    check: ({ home, run }) => {
      const undone = hostLedger(home, run).filter(({ host }) => host === 'app-stage-2');
      const actions = undone.flatMap(({ type, detail }) => (type === 'package' || type === 'user' ? [String(detail['action'])] : []));
      assert.deepEqual(
        actions.toSorted((a, b) => a.localeCompare(b)),
        ['add', 'install', 'remove', 'remove'],
      );
    },
  },
  'rollback-drill': {
    words: ['rollback-drill'],
    code: 13,
    check: ({ home, run, ended }) => {
      const ledger = hostLedger(home, run);
      const weights = ledger.flatMap(({ detail }) => (detail['server'] === 'erp/new1' ? [detail['weight']] : []));
      assert.ok(
        weights.some((weight) => Number(weight) > 0),
        'no traffic was moved',
      );
      assert.equal(weights.at(-1), 0);
      assert.equal(ledger.findLast(({ host, type }) => host === 'erp-new-1' && type === 'service')?.detail['action'], 'stop');
      assert.match(ended.stdout, /all traffic was back on the old side after/);
    },
  },
  'orders-cutover': {
    words: ['orders-cutover'],
    code: 0,
    check: ({ home, run, ended, results }) => {
      assert.deepEqual([results.get('half/@collect'), results.get('half/@analysis')], ['ok', 'ok']);
      assert.equal(results.has('half/@probe'), false, 'live traffic needs no requests of our own');
      const collected = eventsIn(home).find(({ body }) => body.type === 'stepFinished' && body.path === 'half/@collect')?.body['result'];
      const { metrics } = (collected as { outputs: { metrics: { name: string; baseline: { slots: number }; candidate: { slots: number } }[] } }).outputs;
      const errors = metrics.find(({ name }) => name === 'checkout-errors');
      assert.ok((errors?.baseline.slots ?? 0) >= 5 && (errors?.candidate.slots ?? 0) >= 5, JSON.stringify(metrics));
      const weights = hostLedger(home, run).flatMap(({ detail }) => (detail['server'] === 'erp/old1' ? [detail['weight']] : []));
      assert.equal(weights.at(-1), 0, `the old side still has traffic: ${weights.join()}`);
      assert.match(ended.stdout, /dual run: the candidate is no worse than the baseline: checkout-errors/);
    },
  },
  'erp-to-cloud --slow candidate=200ms': {
    words: ['erp-to-cloud', '--slow', 'candidate=200ms'],
    quick: ['--input', 'probeTime=6s', '--input', 'warmUp=500ms', '--input', 'probeRate=60'],
    code: 13,
    check: ({ home, run, ended, results }) => {
      assert.match(ended.stderr, /ANALYSIS_FAILED: the candidate is worse: latency/);
      assert.equal(results.get('dual/@analysis'), 'failed');
      const weights = hostLedger(home, run).filter(({ detail }) => 'weight' in detail);
      assert.deepEqual(weights, [], 'the candidate got traffic');
      assert.equal(
        [...results.keys()].some((path) => path.startsWith('cutover/')),
        false,
      );
    },
  },
};
/** Shown in the documents, and run by flagship tests of their own. */
const ELSEWHERE = new Set(['erp-to-cloud', 'erp-to-cloud --and-back', 'erp-to-cloud --fail cutover/weight-50']);

describe('the shipped runbooks', { concurrency: 2 }, () => {
  test('are valid, as are the estate files', async () => {
    using home = scenarioHome();
    const { code, stdout, stderr } = await runSlipway(home.dir, ['validate']);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /\b0 errors, 0 warnings/);
  });

  for (const [command, { words, code, quick = [], check }] of Object.entries(REHEARSALS)) {
    test(`rehearse ${command} ends with ${code}`, async () => {
      using home = scenarioHome();
      const ended = await runSlipway(home.dir, ['rehearse', ...words, ...quick]);
      assert.equal(ended.code, code, `${ended.stderr}\n${ended.stdout}`);
      const events = eventsIn(home.dir);
      check({ ended, run: events[0]?.run ?? '', home: home.dir, results: resultsOf(events) });
    });
  }
});

/** Commands in the shell examples of a document. */
function commandsIn(file: string): readonly (readonly string[])[] {
  const blocks = [...readFileSync(file, 'utf8').matchAll(/^```(?:sh|shell|bash|console)\n([\s\S]*?)^```/gm)].map(([, text = '']) => text);
  const lines = blocks.flatMap((block) => block.split(/\n|;|&&|\||\s{2,}/));
  return lines.flatMap((line) => {
    const [, words] = /^\s*(?:\$ )?(?:npm run (?:-s|--silent) slipway -- |(?:npx )?slipway )([^#>]*)/.exec(line.replaceAll(/<[^>]*>/g, 'PLACEHOLDER')) ?? [];
    return words === undefined ? [] : [words.trim().split(/\s+/)];
  });
}

function documents(): readonly string[] {
  const docs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
  return ['README.md', 'CONTRIBUTING.md', ...docs.map((name) => join('docs', name))].filter((name) => existsSync(join(ROOT, name)));
}

test('every command in the documents exists, with the options that are shown; rehearsals that are shown are run by tests', async () => {
  using home = scenarioHome();
  const shown = documents().flatMap((file) => commandsIn(join(ROOT, file)).map((words) => ({ file, words })));
  assert.ok(shown.length >= 10, `only ${shown.length} commands were found`);
  const helps = new Map<string, Promise<Ended>>();
  for (const { file, words } of shown) {
    const said = `${file}: slipway ${words.join(' ')}`;
    const command = words.slice(0, ENTRIES.some(({ name }) => name === words.slice(0, 2).join(' ')) ? 2 : 1);
    if (command[0]?.startsWith('-') === true) continue;
    const key = command.join(' ');
    const help = await (helps.get(key) ?? helps.set(key, runSlipway(home.dir, [...command, '--help'])).get(key));
    assert.equal(help?.code, 0, `${said}\n${help?.stderr ?? ''}`);
    for (const option of words.filter((word) => word.startsWith('--'))) {
      assert.ok(['--json', '--help', ...(help?.stdout.match(/--[a-z-]+/g) ?? [])].includes(option.replace(/=.*/, '')), `${said}: there is no ${option}`);
    }
    const rest = words.slice(1).join(' ');
    if (key === 'rehearse' && !rest.includes('PLACEHOLDER')) assert.ok(rest in REHEARSALS || ELSEWHERE.has(rest), `${said}: no test runs it`);
  }
});
