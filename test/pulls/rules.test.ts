import assert from 'node:assert/strict';
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
  cab: { members: ['user:bert@git', 'user:dora@git'] }
  security: { members: ['user:carl@git'] }
roles:
  voter: { actions: ['runbook.read', 'run.vote'] }
bindings:
  - { role: voter, subjects: ['user:carl@git', 'user:dora@git'], environments: ['*'] }
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
        '.github/CODEOWNERS': '/runbooks/for-owned.yaml @bert\n',
      },
    });
    site.git.repository.members.set('dora', 'write');
  });
  after(() => site?.[Symbol.asyncDispose]());
  const change = async (name: string, steps = ''): Promise<number> => {
    const number = await site.propose(`change-${name}`, { [`runbooks/for-${name}.yaml`]: saying(`for-${name}`, name, 'after', steps) });
    await site.comment(number, /1 planned/);
    return number;
  };
  const dora = () => ({ id: String(site.git.forge.person('dora').id), login: 'dora' });

  test('code owners have to approve, as the default branch names them', async () => {
    const { git } = site;
    const number = await change('owned');
    assert.match((await site.say(git.ada, number, 'slipway apply')).text, /⛔[^]*code owners: have not approved: line 1 \S+bert: 0 of 1/);
    await site.say(site.carl, number, 'slipway approve');
    await site.comment(number, /code owners: have not approved/);
    await site.say(git.bert, number, 'slipway approve');
    await site.comment(number, /code owners: have approved/);
    assert.match((await site.say(git.ada, number, 'slipway apply')).text, /✅ started/);
    const own = await site.propose('own', {
      '.github/CODEOWNERS': '* @carl\n',
      'runbooks/for-owned.yaml': saying('for-owned', 'owned', 'mine'),
    });
    await site.comment(own, /1 planned/);
    await site.say(site.carl, own, 'slipway approve');
    assert.match((await site.say(git.ada, own, 'slipway apply')).text, /⛔[^]*code owners: have not approved: line 1 \S+bert: 0 of 1/);
  });

  test('stacks have to be as they were left', async () => {
    stacks.drifted.push('gateway');
    const number = await change('calm', STACK);
    const { git } = site;
    assert.match((await site.say(git.ada, number, 'slipway apply')).text, /⛔[^]*no drift: net\/dev: update gateway/);
    stacks.drifted.length = 0;
    assert.match((await site.say(git.ada, number, 'slipway plan')).text, /✅ planned/);
    await site.comment(number, /no drift: stacks are as they were left/);
    assert.match((await site.say(git.ada, number, 'slipway apply')).text, /✅ started/);
    await site.comment(number, /run-\S+: succeeded/);
  });

  test('a window that is closed keeps a change out, and the reply says when it opens', async () => {
    const { git } = site;
    const closed = await change('never');
    assert.match((await site.say(git.ada, closed, 'slipway apply')).text, /⛔[^]*window of never: (?:is closed; it does not open|is closed; it opens at)/);
    const open = await change('always');
    await site.comment(open, /window of always: open until/);
    assert.match((await site.say(git.ada, open, 'slipway apply')).text, /✅ started/);
  });

  test('neither its author, nor who committed to it, nor who applies it approves it', async () => {
    const { git } = site;
    const committer = { name: 'Bert', email: 'bert@example.org' };
    await git.commit({ branch: 'made', files: { 'runbooks/for-one.yaml': saying('for-one', 'one', 'after') }, committer });
    const number = await git.openPull(git.ada, { head: 'made', title: 'made' });
    await site.tell();
    await site.comment(number, /1 planned/);
    for (const person of [git.ada, git.bert]) assert.match((await site.say(person, number, 'slipway approve')).text, /✅/);
    await site.comment(number, /1 approval for one: 0 of 1/);
    await site.say(dora(), number, 'slipway approve');
    await site.comment(number, /1 approval for one: 1 of 1, by dora/);
    assert.match((await site.say(git.ada, number, 'slipway apply')).text, /✅ started/);
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

  test('several approvals, one of each group, and not too long ago', async () => {
    const { git } = site;
    const number = await change('board');
    await site.say(git.bert, number, 'slipway approve');
    await site.comment(number, /2 approvals for board: 1 of 2, by bert; 1 of each of team:security needed/);
    await site.say(dora(), number, 'slipway approve');
    await site.comment(number, /2 approvals for board: 2 of 2, by bert, dora; 1 of each of team:security needed/);
    assert.match((await site.say(git.ada, number, 'slipway apply')).text, /⛔[^]*2 approvals for board/);
    await site.say(site.carl, number, 'slipway approve');
    await site.comment(number, /✅ 2 approvals for board: 3 of 2/);
    ahead += 1.5 * HOUR;
    assert.match(
      (await site.say(git.ada, number, 'slipway apply')).text,
      /⛔[^]*2 approvals for board: 0 of 2; 1 of each of team:cab, team:security needed; 3 too old/,
    );
    for (const person of [git.bert, site.carl]) await site.say(person, number, 'slipway approve');
    assert.match((await site.say(git.ada, number, 'slipway apply')).text, /✅ started/);
  });

  test('its rollback has to be proven, and not too long ago', async () => {
    const { git } = site;
    const number = await change('proven');
    assert.match((await site.say(git.ada, number, 'slipway apply')).text, /⛔[^]*rollback proven within 7 d: it never was/);
    const { app } = site.parts.deps;
    const commit = commitAt(git.repository.folder, 'main') ?? '';
    const session = {
      ...{ actor: 'user:test', teams: [], root: git.repository.folder, commit, stateDir: `${site.dir}/state`, masker: createMasker(), notice: () => undefined },
      signal: AbortSignal.timeout(60_000),
    };
    const rehearsed = await app.rehearse(session, { runbook: 'for-proven', inputs: {} });
    await rehearsed.done;
    const undone = await app.rollBack(session, rehearsed.runId, { reason: 'a drill', force: false });
    if ('done' in undone) await undone.done;
    assert.match((await site.say(git.ada, number, 'slipway apply')).text, /✅ started/);
    ahead += 8 * 24 * HOUR;
    await site.say(git.ada, number, 'slipway plan');
    await site.comment(number, /⬜ rollback proven within 7 d: last by run-/);
  });
});

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
