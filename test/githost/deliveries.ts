import { createHmac, randomUUID } from 'node:crypto';
import type { HostRequest, HostSettings } from '../../src/githost/index.ts';
import { signedBitbucket } from '../fakes/bitbucket-payloads.ts';
import { signed } from '../fakes/github-payloads.ts';
import { withSecret } from '../fakes/gitlab-payloads.ts';

export const HOOK = 'a webhook secret of tests';
const SHA = { one: '1'.repeat(40), two: '2'.repeat(40), none: '0'.repeat(40) };

/** One kind of host: its settings, how it signs, and one payload of everything it can say, after its documentation, with names of our own. */
export interface Speaker {
  readonly settings: HostSettings;
  readonly sign: (name: string, payload: object) => HostRequest;
  readonly push: readonly [string, object];
  readonly pull: readonly [string, object];
  readonly comment: readonly [string, object];
  readonly review: readonly [string, object];
  /** Events and the reason why nothing follows, or what follows instead. */
  readonly others: readonly (readonly [name: string, payload: object, what: RegExp])[];
}

const hooked = { webhookSecrets: ['env:HOOK'] };
const token = { auth: { token: 'env:TOKEN' }, ...hooked };
const mona = { id: 501, login: 'mona' };
const repository = { id: 77, full_name: 'harbor/piers', private: true };
const hubPull = {
  id: 9,
  number: 12,
  title: 'Move the crane',
  merged: false,
  state: 'open',
  user: mona,
  head: { ref: 'crane', sha: SHA.two, repo: repository },
  base: { ref: 'main', sha: SHA.one, repo: repository },
};
const hubComment = {
  id: 6_001,
  user: mona,
  body: 'slipway plan',
  html_url: 'https://h.example/c',
  created_at: '2026-11-23T10:00:00Z',
  updated_at: '2026-11-23T10:00:00Z',
};
const about = { repository, sender: mona };

export const GITHUB: Speaker = {
  settings: { name: 'git', kind: 'github', url: 'https://github.com', ...token },
  sign: (name, payload) => signed(name, payload, HOOK),
  push: ['push', { ...about, ref: 'refs/heads/main', before: SHA.one, after: SHA.two, created: false, deleted: false, forced: true, commits: [] }],
  pull: ['pull_request', { ...about, action: 'opened', number: 12, pull_request: hubPull }],
  comment: [
    'issue_comment',
    { ...about, action: 'created', issue: { number: 12, title: 'x', pull_request: { url: 'https://h.example' } }, comment: hubComment },
  ],
  review: [
    'pull_request_review',
    { ...about, action: 'submitted', review: { id: 3, state: 'approved', user: mona, commit_id: SHA.two }, pull_request: hubPull },
  ],
  others: [
    ['ping', { zen: 'Keep it calm', hook_id: 1 }, /^ping$/],
    ['watch', { ...about, action: 'started' }, /event "watch"/],
    ['issue_comment', { ...about, action: 'created', issue: { number: 12 }, comment: hubComment }, /on an issue/],
    ['issue_comment', { ...about, action: 'edited', issue: { number: 12, pull_request: {} }, comment: hubComment }, /^comment edited/],
    ['issue_comment', { ...about, action: 'deleted', issue: { number: 12, pull_request: {} }, comment: hubComment }, /^comment deleted/],
    ['pull_request', { ...about, action: 'assigned', number: 12, pull_request: hubPull }, /"assigned"/],
    ['pull_request', { ...about, action: 'edited', number: 12, pull_request: hubPull, changes: { title: { from: 'a' } } }, /^pullRequest edited/],
    ['pull_request', { ...about, action: 'edited', number: 12, pull_request: hubPull, changes: { base: { ref: { from: 'old' } } } }, /^pullRequest updated/],
    ['pull_request', { ...about, action: 'ready_for_review', number: 12, pull_request: hubPull }, /^pullRequest updated/],
    ['pull_request', { ...about, action: 'closed', number: 12, pull_request: { ...hubPull, merged: true } }, /^pullRequest merged/],
    ['pull_request', { ...about, action: 'closed', number: 12, pull_request: hubPull }, /^pullRequest closed/],
    ['pull_request_review', { ...about, action: 'dismissed', review: { state: 'dismissed' }, pull_request: hubPull }, /^review dismissed/],
    ['pull_request_review', { ...about, action: 'edited', review: { state: 'approved' }, pull_request: hubPull }, /"edited"/],
    ['push', { ...about, ref: 'refs/heads/a..b', before: SHA.one, after: SHA.two }, /git would not take/],
  ],
};

const giteaSigned = (name: string, payload: object): HostRequest => {
  const body = Buffer.from(JSON.stringify(payload, undefined, 2));
  const mac = createHmac('sha256', HOOK).update(body).digest('hex');
  const id = randomUUID();
  return {
    headers: {
      'Content-Type': 'application/json',
      'X-Forgejo-Event': name,
      'X-Forgejo-Delivery': id,
      'X-Forgejo-Signature': mac,
      'X-Gitea-Event': name,
      'X-Gitea-Delivery': id,
      'X-Gitea-Signature': mac,
      'X-Hub-Signature-256': `sha256=${mac}`,
    },
    body,
  };
};
export const GITEA: Speaker = {
  settings: { name: 'git', kind: 'gitea', url: 'https://forge.example', ...token },
  sign: giteaSigned,
  push: ['push', { ...about, ref: 'refs/heads/main', before: SHA.one, after: SHA.two, compare_url: '', commits: [], pusher: mona }],
  pull: ['pull_request', { ...about, action: 'opened', number: 12, pull_request: hubPull, commit_id: '', review: null }],
  comment: ['issue_comment', { ...about, action: 'created', is_pull: true, issue: { number: 12 }, comment: hubComment }],
  review: [
    'pull_request_approved',
    { ...about, action: 'reviewed', number: 12, pull_request: hubPull, review: { type: 'pull_request_review_approved', content: '' } },
  ],
  others: [
    ['repository', { ...about, action: 'created' }, /event "repository"/],
    ['issue_comment', { ...about, action: 'created', is_pull: false, issue: { number: 12 }, comment: hubComment }, /on an issue/],
    ['issue_comment', { ...about, action: 'edited', is_pull: true, issue: { number: 12 }, comment: hubComment }, /^comment edited/],
    ['pull_request', { ...about, action: 'synchronized', number: 12, pull_request: hubPull }, /^pullRequest updated/],
    ['pull_request', { ...about, action: 'edited', number: 12, pull_request: hubPull, changes: { ref: { from: 'old' } } }, /^pullRequest updated/],
    ['pull_request', { ...about, action: 'label_updated', number: 12, pull_request: hubPull }, /^pullRequest edited/],
    ['pull_request', { ...about, action: 'closed', number: 12, pull_request: { ...hubPull, merged: true } }, /^pullRequest merged/],
    ['pull_request', { ...about, action: 'review_requested', number: 12, pull_request: hubPull }, /"review_requested"/],
    ['pull_request_rejected', { ...about, action: 'reviewed', number: 12, pull_request: hubPull }, /^review changesRequested/],
    ['pull_request_comment', { ...about, action: 'reviewed', number: 12, pull_request: hubPull }, /^review commented/],
    ['push', { ...about, ref: 'refs/heads/x y', before: SHA.one, after: SHA.two }, /git would not take/],
  ],
};

const labMona = { id: 501, username: 'mona', name: 'Mona' };
const project = { id: 77, path_with_namespace: 'harbor/north/piers' };
const labPull = { id: 900, iid: 12, title: 'x', state: 'opened', last_commit: { id: SHA.two } };
const labNote = { id: 6_001, note: 'slipway plan', noteable_type: 'MergeRequest', author_id: 501, system: false, action: 'create' };
const lab = { project, user: labMona };
export const GITLAB: Speaker = {
  settings: { name: 'git', kind: 'gitlab', url: 'https://gitlab.com', ...token },
  sign: (name, payload) => withSecret(name, payload, HOOK),
  push: ['Push Hook', { object_kind: 'push', ref: 'refs/heads/main', before: SHA.one, after: SHA.two, user_id: 501, user_username: 'mona', project }],
  pull: ['Merge Request Hook', { ...lab, object_kind: 'merge_request', object_attributes: { ...labPull, action: 'open' }, changes: {} }],
  comment: ['Note Hook', { ...lab, object_kind: 'note', object_attributes: labNote, merge_request: labPull }],
  review: ['Merge Request Hook', { ...lab, object_attributes: { ...labPull, action: 'approval' } }],
  others: [
    ['Pipeline Hook', { ...lab, object_kind: 'pipeline' }, /event "Pipeline Hook"/],
    ['Tag Push Hook', { ref: 'refs/tags/v1', before: SHA.none, after: SHA.two, user_id: 501, user_username: 'mona', project }, /^push/],
    ['Merge Request Hook', { ...lab, object_attributes: { ...labPull, action: 'update', oldrev: SHA.one } }, /^pullRequest updated/],
    ['Merge Request Hook', { ...lab, object_attributes: { ...labPull, action: 'update' }, changes: { title: { previous: 'a' } } }, /^pullRequest edited/],
    [
      'Merge Request Hook',
      { ...lab, object_attributes: { ...labPull, action: 'update' }, changes: { target_branch: { previous: 'a' } } },
      /^pullRequest updated/,
    ],
    [
      'Merge Request Hook',
      { ...lab, object_attributes: { ...labPull, action: 'update' }, changes: { draft: { previous: true, current: false } } },
      /^pullRequest updated/,
    ],
    ['Merge Request Hook', { ...lab, object_attributes: { ...labPull, action: 'merge' } }, /^pullRequest merged/],
    ['Merge Request Hook', { ...lab, object_attributes: { ...labPull, action: 'reopen' } }, /^pullRequest reopened/],
    ['Merge Request Hook', { ...lab, object_attributes: { ...labPull, action: 'close' } }, /^pullRequest closed/],
    ['Merge Request Hook', { ...lab, object_attributes: { ...labPull, action: 'unapproved' } }, /^review dismissed/],
    ['Merge Request Hook', { ...lab, object_attributes: labPull }, /"no action"/],
    ['Note Hook', { ...lab, object_attributes: { ...labNote, noteable_type: 'Issue' } }, /not on a merge request/],
    ['Note Hook', { ...lab, object_attributes: { ...labNote, system: true }, merge_request: labPull }, /wrote the comment itself/],
    ['Note Hook', { ...lab, object_attributes: { ...labNote, type: 'DiffNote' }, merge_request: labPull }, /line of code/],
    ['Note Hook', { ...lab, object_attributes: { ...labNote, action: 'update' }, merge_request: labPull }, /^comment edited/],
    ['Note Hook', { ...lab, object_attributes: { ...labNote, action: 'update', author_id: 1 }, merge_request: labPull }, /somebody else edited/],
  ],
};

const actor = { id: 501, name: 'mona', slug: 'mona', displayName: 'Mona', active: true };
const bucketRepo = { id: 77, slug: 'piers', project: { key: 'HARBOR', id: 1 } };
const bucketRef = (displayId: string, latestCommit: string) => ({ id: `refs/heads/${displayId}`, displayId, latestCommit, repository: bucketRepo });
const bucketPull = {
  id: 12,
  version: 3,
  title: 'x',
  state: 'OPEN',
  fromRef: bucketRef('crane', SHA.two),
  toRef: bucketRef('main', SHA.one),
  author: { user: actor },
};
const bucketComment = { id: 6_001, version: 0, text: 'slipway plan', author: actor, createdDate: 1, updatedDate: 1 };
const bucket = { date: '2026-11-23T10:00:00+0000', actor, pullRequest: bucketPull };
export const BITBUCKET: Speaker = {
  settings: { name: 'git', kind: 'bitbucket', url: 'https://bitbucket.example', ...token },
  sign: (name, payload) => signedBitbucket(name, payload, HOOK),
  push: [
    'repo:refs_changed',
    {
      actor,
      repository: bucketRepo,
      changes: [{ ref: { id: 'refs/heads/main', displayId: 'main', type: 'BRANCH' }, fromHash: SHA.one, toHash: SHA.two, type: 'UPDATE' }],
    },
  ],
  pull: ['pr:opened', bucket],
  comment: ['pr:comment:added', { ...bucket, comment: bucketComment }],
  review: ['pr:reviewer:approved', { ...bucket, participant: { user: actor, status: 'APPROVED' } }],
  others: [
    ['diagnostics:ping', { test: true }, /^ping$/],
    ['repo:forked', { actor }, /event "repo:forked"/],
    ['pr:to_ref_updated', bucket, /event "pr:to_ref_updated"/],
    ['pr:from_ref_updated', { ...bucket, previousFromHash: SHA.one }, /^pullRequest updated/],
    ['pr:modified', { ...bucket, previousTitle: 'a', previousTarget: { displayId: 'main' } }, /^pullRequest edited/],
    ['pr:modified', { ...bucket, previousTarget: { displayId: 'old' } }, /^pullRequest updated/],
    ['pr:modified', { ...bucket, previousDraft: true }, /^pullRequest updated/],
    ['pr:declined', bucket, /^pullRequest closed/],
    ['pr:merged', bucket, /^pullRequest merged/],
    ['pr:reviewer:unapproved', bucket, /^review dismissed/],
    ['pr:reviewer:needs_work', bucket, /^review changesRequested/],
    ['pr:comment:edited', { ...bucket, comment: bucketComment, previousComment: 'a' }, /^comment edited/],
    ['pr:comment:deleted', { ...bucket, comment: bucketComment }, /^comment deleted/],
    ['pr:comment:added', { ...bucket, comment: { ...bucketComment, anchor: { path: 'a' } } }, /line of code/],
    ['toString', bucket, /event "toString"/],
  ],
};

export const SPEAKERS: readonly (readonly [string, Speaker])[] = [
  ['GitHub', GITHUB],
  ['Gitea', GITEA],
  ['GitLab', GITLAB],
  ['Bitbucket', BITBUCKET],
];
