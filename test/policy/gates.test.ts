import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { policyInput } from '../../src/plan/index.ts';
import { loadPolicies, type PolicySet } from '../../src/policy/index.ts';
import { bodyOf, environments, graphOf, NOW } from '../plan/fixture.ts';
import { OPA, SHIPPED, verdict } from './support.ts';

const ENVIRONMENTS = environments(`
apiVersion: slipway/v1
kind: Environment
metadata: {name: prod}
production: true
`);
const METRICS = 'analysis: {metrics: [{name: latency, kind: latency, quantiles: {p50: 10%}, critical: true}]}';

interface Words {
  readonly defaults?: string;
  readonly dual?: string;
  readonly gate?: string;
  readonly steps?: string;
}
const runbook = ({ defaults = '', dual = '', gate = 'approval: {approvers: ["team:a"], required: 2}', steps = '' }: Words) => `
${defaults}
phases:
  - {id: dual, type: dualRun, environment: prod, with: {baseline: "http://a", candidate: "http://b"}, ${METRICS}${dual}}
  - id: cut
    type: cutover
    environment: prod
    ${gate}
    steps:
      ${steps}
      - {id: all, uses: traffic.setWeight, hosts: lb, with: {weight: 100}}
`;
const ASK = 'uses: approval, with: {approvers: ["team:a"], required: 2}';

/** Ways to write a runbook so that its gates are there and hold nobody back. */
const TRICKS: { readonly [what: string]: readonly [Words, RegExp] } = {
  'goes on after a rejection': [{ gate: '', steps: `- {id: ask, ${ASK}, onFailure: continue}` }, /^phase cut may go on although cut\/ask was rejected$/],
  'lets one person settle what was rejected': [
    { gate: '', steps: `- {id: ask, ${ASK}, onFailure: pause}` },
    /^phase cut may go on although cut\/ask was rejected$/,
  ],
  'rescues a rejected approval': [{ gate: '', steps: `- {id: ask, ${ASK}, rescue: [{uses: notify}]}` }, /^phase cut may go on although cut\/ask was rejected$/],
  'asks in a loop over nothing': [{ gate: '', steps: `- {id: ask, ${ASK}, foreach: []}` }, /^cut\/ask is asked only under a condition$/],
};

describe('gates that hold nobody back', () => {
  let cacheDir: string;
  let set: PolicySet;
  before(async () => {
    cacheDir = await mkdtemp(join(tmpdir(), 'slipway-policy-'));
    set = await loadPolicies({ dir: SHIPPED, opaPath: OPA, cacheDir, signal: AbortSignal.timeout(120_000) });
  });
  after(async () => {
    set[Symbol.dispose]();
    await rm(cacheDir, { recursive: true });
  });
  /** What approval and dualrun say about a runbook as it is really planned; the other policies have tests of their own. */
  const said = async (words: Words): Promise<readonly string[]> => {
    const graph = { ...graphOf(runbook(words), { environments: ENVIRONMENTS }), metadata: { name: 'erp', owner: 'team-erp', tier: 1 } };
    const input = policyInput(bodyOf(graph), { now: NOW, actor: { name: 'user:ada', teams: [] }, authors: [] });
    const { findings } = await verdict(set, input);
    return findings.filter(({ rule }) => /^slipway\.(approval|dualrun)\./.test(rule)).map(({ msg }) => msg);
  };

  it('says nothing about gates that do', async () => {
    assert.deepEqual(await said({}), []);
    assert.deepEqual(await said({ gate: '', steps: `- {id: ask, ${ASK}}` }), []);
    for (const common of ['rollback', 'continue', 'pause']) assert.deepEqual(await said({ defaults: `defaults: {onFailure: ${common}}` }), []);
  });

  for (const [what, [words, msg]] of Object.entries(TRICKS)) {
    it(`denies a runbook that ${what}`, async () => {
      const found = await said(words);
      assert.ok(
        found.some((each) => msg.test(each)),
        JSON.stringify(found),
      );
    });
  }

  it('does not take a dual run that may be skipped for a measurement', async () => {
    const found = await said({ dual: ', if: "${{ false }}"' });
    assert.ok(found.includes('phase cut moves traffic of a tier 1 service that no dual run has measured'), JSON.stringify(found));
  });
});
