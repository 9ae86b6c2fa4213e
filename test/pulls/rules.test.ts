import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { createMasker } from '../../src/core/index.ts';
import { commitAt } from '../fakes/forge/git.ts';
import { GITHUB } from '../githost/dialects.ts';
import { saying } from './estate.ts';
import { playStacks } from './played-stacks.ts';
import { type LoopSite, openLoopSite } from './site.ts';

const early = 'when: beforeMerge, undiverged: false';
const environment = (name: string, apply: string, more = ''): string => `---
apiVersion: slipway/v1
kind: Environment
metadata: { name: ${name}, owner: team-platform }
production: false
apply: { ${early}, ${apply} }
${more}
`;
const RULES = `apiVersion: slipway/v1
kind: Access
metadata: { name: board }
teams:
  cab: { members: ['user:bert@git', 'user:dora@git', 'user:erin@git'] }
  security: { members: ['user:carl@git'] }
roles:
  voter: { actions: ['runbook.read', 'run.vote'] }
bindings:
  - { role: voter, subjects: ['user:carl@git', 'user:dora@git', 'user:erin@git'], environments: ['*'] }
${environment('owned', 'approvals: { required: 0 }, codeOwners: true')}
${environment('calm', 'approvals: { required: 0 }, driftFree: true')}
${environment('proven', 'approvals: { required: 0 }, drill: 7d')}
${environment('never', 'approvals: { required: 0 }', 'window: { allow: leap }')}
${environment('always', 'approvals: { required: 0 }', 'window: { allow: days }')}
${environment('board', `approvals: { required: 2, approvers: ['team:cab', 'team:security'], perGroup: 1, within: 1h }`)}
${environment('one', 'approvals: { required: 1 }')}
---
apiVersion: slipway/v1
kind: Calendar
metadata: { name: leap }
timeZone: UTC
windows: [{ kind: allow, schedule: '0 0 29 2 *', duration: 1m }]
---
apiVersion: slipway/v1
kind: Calendar
metadata: { name: days }
timeZone: UTC
windows: [{ kind: allow, schedule: '0 0 * * *', duration: 24h }]
`;
const NAMES = ['owned', 'proven', 'never', 'always', 'board', 'one'] as const;
const STACK = `      - { id: up, uses: pulumi.up, with: { stack: net/dev } }\n`;
const HOUR = 3_600_000;
/** Works on the same machine as the runbook "one" of everybody, under another name. */
const OTHER = `apiVersion: slipway/v1
kind: Runbook
metadata: { name: other, owner: team-web, tier: 3 }
phases:
  - { id: work, type: custom, environment: lab, steps: [{ id: act, uses: ssh.run, hosts: web1, with: { cmd: uptime } }] }
`;

suite('rules that a change is applied by', () => {
  let site: LoopSite;
  let ahead = 0;
  const stacks = playStacks();
  before(async () => {
    site = await openLoopSite(GITHUB, {
      ...{ stacks: stacks.port, ahead: () => ahead },
      files: {
        'runbooks/rules.yaml': RULES,
        ...Object.fromEntries(NAMES.map((name) => [`runbooks/for-${name}.yaml`, saying(`for-${name}`, name, 'before')])),
        'runbooks/for-calm.yaml': saying('for-calm', 'calm', 'before', STACK),
        'runbooks/other.yaml': OTHER,
        'stacks/net/index.ts': 'export async function program() { return {}; }\n',
        '.github/CODEOWNERS': '/runbooks/for-owned.yaml @dora\n',
      },
    });
    for (const name of ['dora', 'erin']) site.git.repository.members.set(name, 'write');
  });
  after(() => site?.[Symbol.asyncDispose]());
  const person = (login: string) => ({ id: String(site.git.forge.person(login).id), login });
  /** A change of all of them, made by Ada and committed by Bert. */
  const proposed = async (): Promise<number> => {
    const files = Object.fromEntries(NAMES.map((name) => [`runbooks/for-${name}.yaml`, saying(`for-${name}`, name, 'after')]));
    const committer = { name: 'Bert', email: 'bert@example.org' };
    await site.git.commit({ branch: 'all', files: { ...files, 'runbooks/for-calm.yaml': saying('for-calm', 'calm', 'after', STACK) }, committer });
    const number = await site.git.openPull(site.git.ada, { head: 'all', title: 'all' });
    await site.tell();
    await site.comment(number, /7 planned/);
    return number;
  };

  test('all that is missing is told at once, for whoever wants to apply it', async () => {
    stacks.drifted.push('gateway');
    const number = await proposed();
    assert.equal(number, 1);
    const { text } = await site.say(site.git.ada, number, 'slipway apply');
    for (const rule of [
      /for-owned: code owners: have not approved: line 1 \S+dora: 0 of 1/,
      /for-calm: no drift: net\/dev: update gateway/,
      /for-never: window of never: is closed; it (?:opens at \d{4}-02-2|does not open)/,
      /for-proven: rollback proven within 7 d: it never was/,
      /for-board: 2 approvals for board: 0 of 2; 1 of each of team:cab, team:security needed/,
      /for-one: 1 approval for one: 0 of 1/,
    ])
      assert.match(text, rule);
    assert.doesNotMatch(text, /for-always/);
    assert.match(await site.comment(1, /window of always/), /✅ window of always: open until/);
    assert.deepEqual(await site.runs(), []);
  });

  test('neither its author, nor who committed to it approves it; several approvals have to come from each group; code owners are asked', async () => {
    for (const by of [site.git.ada, site.git.bert]) assert.match((await site.say(by, 1, 'slipway approve')).text, /✅/);
    assert.match(await site.comment(1, /1 approval for one: 0 of 1/), /2 approvals for board: 0 of 2/);
    await site.say(person('erin'), 1, 'slipway approve');
    const erin = await site.comment(1, /1 approval for one: 1 of 1, by erin/);
    assert.match(erin, /⬜ code owners: have not approved/);
    assert.match(erin, /2 approvals for board: 1 of 2, by erin; 1 of each of team:security needed/);
    await site.say(person('dora'), 1, 'slipway approve');
    const dora = await site.comment(1, /⬜ 2 approvals for board: 2 of 2, by erin, dora; 1 of each of team:security needed/);
    assert.match(dora, /✅ code owners: have approved/);
    await site.say(site.carl, 1, 'slipway approve');
    await site.comment(1, /✅ 2 approvals for board: 3 of 2/);
  });

  test('what was missing is there: stacks as they were left, a rollback that was proven', async () => {
    const { git } = site;
    stacks.drifted.length = 0;
    await drill(site);
    assert.match((await site.say(git.ada, 1, 'slipway plan -r for-calm')).text, /✅ planned/);
    const told = await site.comment(1, /✅ no drift: stacks are as they were left/);
    assert.match(told, /✅ rollback proven within 7 d: by run-/);
    assert.match((await site.say(git.ada, 1, 'slipway apply -r for-one')).text, /✅ started/);
    await site.comment(1, /run-\S+: succeeded/);
    assert.match((await site.say(git.ada, 1, 'slipway apply -r for-never')).text, /⛔[^]*window of never: is closed/);
  });

  test('a change that makes its author a code owner is judged by the owners of the default branch', async () => {
    const files = { '.github/CODEOWNERS': '* @carl\n', 'runbooks/for-owned.yaml': saying('for-owned', 'owned', 'mine') };
    const number = await site.propose('own', files);
    await site.comment(number, /1 planned/);
    await site.say(site.carl, number, 'slipway approve');
    await site.comment(number, /⬜ code owners: have not approved: line 1 \S+dora: 0 of 1/);
  });

  test('a run that waits for what another run has says who has it, in the comment', async () => {
    const { git } = site;
    const first = await site.propose('first', { 'runbooks/one.yaml': FIRST });
    await site.comment(first, /1 planned/);
    assert.match((await site.say(git.ada, first, 'slipway apply')).text, /✅ started (run-\S+)/);
    await site.comment(first, /waits for a decision at/);
    const second = await site.propose('second', { 'runbooks/other.yaml': OTHER.replace('uptime', 'date') });
    await site.comment(second, /1 planned/);
    assert.match((await site.say(git.ada, second, 'slipway apply')).text, /✅ started/);
    await site.comment(second, /The run waits for hosts:estate\/web, held by run-\S+ \S+user:ada\S+ since \d/);
    for (const number of [second, first]) assert.match((await site.say(git.ada, number, 'slipway cancel')).text, /asked to stop/);
    for (const number of [second, first]) await site.comment(number, /run-\S+: cancelled/);
  });

  test('approvals and proofs that are too old count no more', async () => {
    ahead += 1.5 * HOUR;
    const { text } = await site.say(site.git.ada, 1, 'slipway apply -r for-board');
    assert.match(text, /⛔[^]*2 approvals for board: 0 of 2; 1 of each of team:cab, team:security needed; 3 too old/);
    ahead += 8 * 24 * HOUR;
    await site.say(site.git.ada, 1, 'slipway plan -r for-proven');
    await site.comment(1, /⬜ rollback proven within 7 d: last by run-/);
  });
});

/** Rehearse a runbook and take it back, as somebody does at the machine of the server. */
async function drill({ dir, git, parts }: LoopSite): Promise<void> {
  const { app } = parts.deps;
  const commit = commitAt(git.repository.folder, 'refs/heads/main') ?? '';
  const session = {
    ...{ actor: 'user:test', teams: [], root: git.repository.folder, commit, stateDir: join(dir, 'state'), masker: createMasker(), notice: () => undefined },
    signal: AbortSignal.timeout(60_000),
  };
  const rehearsed = await app.rehearse(session, { runbook: 'for-proven', inputs: {} });
  await rehearsed.done;
  const undone = await app.rollBack(session, rehearsed.runId, { reason: 'a drill', force: false });
  if ('done' in undone) await undone.done;
}

const FIRST = `apiVersion: slipway/v1
kind: Runbook
metadata: { name: one, owner: team-web, tier: 3 }
phases:
  - id: work
    type: custom
    environment: lab
    steps:
      - { id: ask, uses: approval, with: { approvers: ['user:bert@git'], reason: is it good } }
      - { id: act, uses: ssh.run, hosts: web, needs: [ask], with: { cmd: date } }
`;
