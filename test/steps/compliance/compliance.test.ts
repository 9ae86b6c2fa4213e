import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Json, Secret } from '../../../src/core/index.ts';
import { complianceScan } from '../../../src/steps/compliance/index.ts';
import { policyCheck } from '../../../src/steps/policy-check/index.ts';
import { contextWith, evidenceStore, failsWith } from '../context.ts';

type Finding = { readonly rule: string; readonly level: 'deny' | 'soft' | 'warn'; readonly msg: string };
const deny: Finding = { rule: 'slipway.compliance.disk', level: 'deny', msg: 'disk is not encrypted' };
const warn: Finding = { rule: 'slipway.compliance.tags', level: 'warn', msg: 'no owner tag' };

function world(findings: readonly Finding[]) {
  const asked: { readonly packages: readonly string[]; readonly input: Json }[] = [];
  const evidence = evidenceStore();
  const state = async () => ({
    ...{ exists: true, digest: 'sha256:0' as const, resources: 3, pending: [] },
    outputs: { bucket: 'b-1', password: new Secret('hunter22') },
  });
  const evaluate = async (packages: readonly string[], input: Json) => {
    asked.push({ packages, input });
    return { findings };
  };
  const context = contextWith({ policy: { evaluate }, evidence, pulumi: { ...contextWith().ports.pulumi, state } });
  return { asked, evidence, context };
}
function scan(input: object, findings: readonly Finding[]) {
  assert.ok(complianceScan.target === 'none');
  const there = world(findings);
  return { ...there, run: complianceScan.execute(complianceScan.with.parse({ packages: ['slipway.compliance'], ...input }), there.context) };
}

test('policies see facts and stacks, and no secret', async () => {
  const { run, asked, evidence } = scan({ facts: { web1: { os: 'debian' } }, stacks: ['aws-analytics/prod'] }, [warn]);
  const { outputs, summary } = await run;
  assert.equal(summary, '1 warn');
  complianceScan.outputs.parse(outputs);
  const input = asked[0]?.input as { facts: unknown; stacks: Record<string, { outputs: unknown; resources: number }> }; // the document of this kind
  assert.deepEqual(input.facts, { web1: { os: 'debian' } });
  assert.deepEqual(input.stacks['aws-analytics/prod']?.outputs, { bucket: 'b-1', password: { secret: true } });
  assert.ok(![...evidence.kept.values()].some((bytes) => Buffer.from(bytes).includes('hunter22')));
});

test('findings as severe as failOn fail the scan, all of them named, after the evidence was kept', async () => {
  const { run, evidence } = scan({}, [deny, warn]);
  await assert.rejects(run, failsWith('COMPLIANCE_FAILED', /^1 finding: slipway\.compliance\.disk: disk is not encrypted$/));
  assert.equal(evidence.kept.size, 1);
  await assert.rejects(scan({ failOn: 'warn' }, [deny, warn]).run, failsWith('COMPLIANCE_FAILED', /^2 findings: /));
  assert.equal((await scan({ failOn: 'never' }, [deny]).run).summary, '1 deny');
  assert.equal((await scan({ failOn: 'soft' }, [warn]).run).status, 'ok');
});

test('policy.check hands its input over and fails on a deny', async () => {
  assert.ok(policyCheck.target === 'none');
  const input = policyCheck.with.parse({ packages: ['slipway.placement'], input: { region: 'eu-central-1' } });
  const fine = world([]);
  assert.equal((await policyCheck.execute(input, fine.context)).summary, 'no findings');
  assert.deepEqual(fine.asked, [{ packages: ['slipway.placement'], input: { region: 'eu-central-1' } }]);
  await assert.rejects(policyCheck.execute(input, world([deny]).context), failsWith('POLICY_DENIED'));
  assert.ok(!policyCheck.with.safeParse({ packages: ['data; drop'], input: {} }).success);
  assert.ok(!policyCheck.with.safeParse({ packages: [], input: {} }).success);
});

test('no answer of the policies is an error, not a pass', async () => {
  assert.ok(policyCheck.target === 'none');
  const evaluate = () => Promise.reject(new Error('wasm abort'));
  await assert.rejects(
    policyCheck.execute(policyCheck.with.parse({ packages: ['a'], input: {}, failOn: 'never' }), contextWith({ policy: { evaluate } })),
    /wasm abort/,
  );
});
