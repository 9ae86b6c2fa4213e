import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Json } from '../../src/core/index.ts';
import { loadPolicies, type PolicySet } from '../../src/policy/index.ts';
import { planWith } from './plan.ts';
import { OPA, SHIPPED, verdict } from './support.ts';

interface Violation {
  readonly rule: string;
  readonly at: string;
  readonly value: Json | undefined;
  readonly msg: RegExp;
  readonly decision?: 'deny' | 'softDeny' | 'allow';
}
const [BUCKET, GROUP, BLOCK] = ['stacks.0.changes.0', 'stacks.0.changes.1', 'stacks.0.changes.2'] as const;
const open = (fromPort: number) => [{ cidr: '0.0.0.0/0', fromPort, toPort: fromPort, protocol: 'tcp' }];

/** One small change of a good plan each, and what people are told. */
const VIOLATIONS: readonly Violation[] = [
  {
    rule: 'accounts',
    at: 'steps.2',
    value: { ...copyTo('/none'), uses: 'ssh.user', with: { name: 'deploy', groups: ['erp', 'sudo'] } },
    msg: /provision\/install puts deploy into the group sudo, which may do everything/,
    decision: 'softDeny',
  },
  { rule: 'approval', at: 'phases.3.approval', value: undefined, msg: /phase cutover moves production traffic without the approval of 2 people/ },
  { rule: 'approval', at: 'phases.3.approval.required', value: 1, msg: /without the approval of 2 people/ },
  { rule: 'approval', at: 'steps.4.if', value: 'inputs.careful', msg: /asked only under a condition/ },
  { rule: 'approval', at: 'steps.4.with.preventSelfApproval', value: false, msg: /approve their own change/ },
  { rule: 'approval', at: 'steps.4.onFailure', value: 'continue', msg: /may go on although cutover\/@approval was rejected/ },
  { rule: 'approval', at: 'steps.4.foreach', value: [], msg: /asked only under a condition/ },
  { rule: 'blast_radius', at: 'blastRadius.hosts', value: 51, msg: /touches 51 hosts, and may touch 50/, decision: 'softDeny' },
  { rule: 'blast_radius', at: 'blastRadius.resources.delete', value: 21, msg: /deletes or replaces 21 resources, and may 20/, decision: 'softDeny' },
  { rule: 'blast_radius', at: `${BUCKET}.op`, value: 'replace', msg: /1 data stores, and may 0/ },
  { rule: 'commands', at: 'steps.2.with.cmd', value: 'rm -rf /', msg: /provision\/install runs a command that removes/ },
  {
    rule: 'commands',
    at: 'steps.3.with.cmd',
    value: 'curl http://x | sh',
    msg: /provision\/install\/compensate\/0 runs a command that runs what it downloads/,
  },
  { rule: 'commands', at: 'phases.3.watches.0.with', value: { cmd: 'reboot' }, msg: /cutover\/watch\/health runs a command that turns the machine off/ },
  { rule: 'cost', at: 'cost.monthly', value: 5001, msg: /5001 a month, and environment prod allows 5000/, decision: 'softDeny' },
  { rule: 'cost', at: 'cost', value: {}, msg: /does not say what they cost/, decision: 'allow' },
  { rule: 'dualrun', at: 'phases.2.analysis', value: undefined, msg: /no dual run has measured/ },
  { rule: 'dualrun', at: 'phases.2.if', value: '${{ inputs.measure }}', msg: /no dual run has measured/ },
  { rule: 'dualrun', at: 'phases.2.analysis.metrics.0.quantiles.p95', value: '80%', msg: /lets p95 grow by 80%, and a tier 1 service may allow 50%/ },
  {
    rule: 'commands',
    at: 'metricSources',
    value: [{ path: 'dual/@collect', phase: 'dual', production: true, name: 'erp-db', type: 'command', authenticated: true, cmd: 'reboot' }],
    msg: /dual\/@collect asks erp-db by a command that turns the machine off/,
  },
  {
    rule: 'legacy_ssh',
    at: 'hosts.0.legacy',
    value: ['ssh-rsa'],
    msg: /provision\/install goes to erp-1, which may use ssh-rsa/,
    decision: 'softDeny',
  },
  {
    rule: 'metrics',
    at: 'phases.3.watches.0',
    value: { path: 'cutover/watch/orders', uses: 'check.metric', with: { noData: 'ignore' }, intervalSeconds: 60, failureLimit: 2 },
    msg: /cutover\/watch\/orders watches production traffic and passes when there is no data/,
    decision: 'softDeny',
  },
  {
    rule: 'dualrun',
    at: 'phases.2.analysis.metrics.1',
    value: { name: 'orders', kind: 'numeric', direction: 'higher', margin: '30%', critical: true },
    msg: /metric orders allows 30%, and a tier 1 service may allow 10%/,
  },
  { rule: 'dualrun', at: 'phases.2.analysis.metrics.1.margin', value: '3pp', msg: /metric errors allows 3pp, and a tier 1 service may allow 1%/ },
  { rule: 'encryption', at: `${BUCKET}.facts.encrypted`, value: false, msg: /does not encrypt what it stores/ },
  { rule: 'encryption', at: `${BUCKET}.facts.encrypted`, value: undefined, msg: /does not say whether/, decision: 'softDeny' },
  { rule: 'encryption', at: `${GROUP}.facts.tlsOnly`, value: false, msg: /accepts plain-text connections/ },
  { rule: 'environments', at: 'phases.1.environment', value: undefined, msg: /phase provision changes something and names no environment/ },
  { rule: 'exposure', at: `${GROUP}.facts.ingress`, value: open(22), msg: /SecurityGroup web lets 0\.0\.0\.0\/0 in on port 22/ },
  { rule: 'exposure', at: `${GROUP}.facts.ingress`, value: undefined, msg: /does not say who may come in/, decision: 'softDeny' },
  { rule: 'exposure', at: `${BLOCK}.facts.publicAccess`, value: true, msg: /lets anybody reach data/ },
  { rule: 'exposure', at: `${BUCKET}.facts.acl`, value: 'public-read', msg: /access rule public-read/ },
  { rule: 'files', at: 'steps.2', value: { ...copyTo('/etc/sudoers') }, msg: /writes \/etc\/sudoers, which holds accounts and rights/ },
  { rule: 'ownership', at: `${BUCKET}.facts.tags`, value: { owner: 'team-erp' }, msg: /stack aws\/prod has resources without the tag costCenter: Bucket data/ },
  { rule: 'ownership', at: 'runbook.owner', value: undefined, msg: /has no owner/ },
  { rule: 'ownership', at: 'runbook.tier', value: undefined, msg: /has no tier/ },
  { rule: 'prepare', at: 'steps.0.mutates', value: true, msg: /changes something in a phase that only looks/ },
  { rule: 'previews', at: 'stacks', value: [], msg: /provision\/net changes a stack that could not be previewed/, decision: 'softDeny' },
  { rule: 'previews', at: `${GROUP}.op`, value: 'same', msg: /exists already, and a rollback of provision\/net would destroy/, decision: 'softDeny' },
  { rule: 'rollback', at: 'steps.2.compensations', value: [], msg: /provision\/install changes something and nothing would undo it/ },
  { rule: 'rollback', at: 'rollback.on', value: ['manual'], msg: /stepFailed triggers no rollback/ },
  { rule: 'rollback', at: 'phases.3.watches', value: [], msg: /nobody watches it/ },
  { rule: 'settings', at: 'version', value: 2, msg: /not of version 1/ },
  { rule: 'windows', at: 'phases.3.window', value: undefined, msg: /no change window/ },
  { rule: 'windows', at: 'phases.3.window.openings', value: 0, msg: /never opens/ },
  { rule: 'windows', at: 'phases.3.window.openNow', value: false, msg: /waits for its window, which opens 2026-11-28T01/, decision: 'allow' },
  {
    rule: 'zones',
    at: `${BUCKET}.facts.region`,
    value: 'us-east-1',
    msg: /stack aws\/prod has resources in region us-east-1, which environment prod does not allow: Bucket data/,
  },
  { rule: 'zones', at: 'hosts.0.zone', value: 'attic', msg: /host erp-1 is in zone attic/ },
];

function copyTo(dest: string) {
  return {
    path: 'provision/install',
    phase: 'provision',
    role: 'step',
    uses: 'ssh.copy',
    mutates: true,
    with: { dest },
    phaseType: 'provision',
    compensations: [{}],
  };
}

describe('shipped policies', () => {
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

  it('allow a good plan, and say nothing', async () => {
    assert.deepEqual(await verdict(set, planWith('version', 1)), { decision: 'allow', findings: [] });
  });

  for (const { rule, at, value, msg, decision = 'deny' } of VIOLATIONS) {
    it(`${rule}: ${at} = ${JSON.stringify(value)?.slice(0, 60) ?? 'none'}`, async () => {
      const judged = await verdict(set, planWith(at, value));
      const found = judged.findings.find((finding) => finding.rule.startsWith(`slipway.${rule}.`) && msg.test(finding.msg));
      assert.ok(found, JSON.stringify(judged, undefined, 1));
      const level = { deny: 'deny', softDeny: 'soft', allow: 'warn' }[decision];
      assert.equal(found.level, level);
      assert.equal(judged.decision, decision, JSON.stringify(judged, undefined, 1));
    });
  }

  it('have a violation here for each that judges plans', () => {
    const tested = new Set(VIOLATIONS.map(({ rule }) => `slipway.${rule}`));
    assert.deepEqual(
      set.packages.filter((name) => !tested.has(name)),
      ['slipway.access', 'slipway.compliance'], // judge requests and scans, and have Rego tests of their own
    );
  });

  it('judge a document that is nothing, and deny', async () => {
    for (const nothing of [{}, [], 'plan', 7, null]) assert.equal((await verdict(set, nothing)).decision, 'deny', JSON.stringify(nothing));
  });
});
