import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Evidence, failureOf, lockHolders } from '../../../src/effects/pulumi/errors.ts';

const NONE: Evidence = {
  thrown: new Error('pulumi ended with 255'),
  output: undefined,
  programError: undefined,
  resourceErrors: [],
  messages: [],
  isAborted: false,
  checkout: '/repo',
};
const said = (stderr: string): Evidence => ({ ...NONE, output: { stdout: '', stderr, code: 255 } });

const LOCKED = `error: the stack is currently locked by 2 lock(s). Either wait for the other process(es) to end or delete the lock file with \`pulumi cancel\`.
  file:///state/.pulumi/locks/organization/a/b/1.json: created by ada@build-7 (pid 12) at 2026-01-02T03:04:05Z
  file:///state/.pulumi/locks/organization/a/b/2.json: created by bo@build-8 (pid 99) at 2026-01-02T03:04:06+01:00`;

test('every holder of a lock is read', () => {
  assert.deepEqual(lockHolders(LOCKED), [
    { user: 'ada', host: 'build-7', pid: 12, at: '2026-01-02T03:04:05Z' },
    { user: 'bo', host: 'build-8', pid: 99, at: '2026-01-02T03:04:06+01:00' },
  ]);
});

const cases: readonly (readonly [string, Evidence, string, RegExp, string])[] = [
  ['a lock', said(LOCKED), 'PULUMI_LOCKED', /ada@build-7 \(process 12\).*bo@build-8/, 'pauseForHuman'],
  ['a lock of the service', said('error: [409] Conflict: Another update is currently in progress.'), 'PULUMI_LOCKED', /another update/, 'pauseForHuman'],
  ['a cancel, whatever else was said', { ...said(LOCKED), isAborted: true, resourceErrors: ['x'] }, 'PULUMI_CANCELLED', /cancelled/, 'never'],
  ['throttling', { ...NONE, resourceErrors: ['data (aws:s3/bucket:Bucket): SlowDown: please reduce'] }, 'PULUMI_PROVIDER', /^data/, 'afterBackoff'],
  ['a lost connection', { ...NONE, resourceErrors: ['data (t): read tcp: connection reset by peer'] }, 'PULUMI_PROVIDER', /reset/, 'afterBackoff'],
  ['a refusal of the cloud', { ...NONE, resourceErrors: ['data (t): InvalidBucketName'] }, 'PULUMI_PROVIDER', /InvalidBucketName/, 'never'],
  ['many resources', { ...NONE, resourceErrors: ['a', 'b', 'c', 'd', 'e'] }, 'PULUMI_PROVIDER', /\(and 2 more\)$/, 'never'],
  [
    'a resource before the program that it took down',
    { ...NONE, programError: new Error('aborted'), resourceErrors: ['a (t): no'] },
    'PULUMI_PROVIDER',
    /^a/,
    'never',
  ],
  ['a plugin', said(`error: no resource plugin 'pulumi-resource-gcp' found in the workspace`), 'PULUMI_PLUGIN', /pulumi-resource-gcp/, 'never'],
  ['a passphrase', said('error: getting stack configuration: incorrect passphrase'), 'PULUMI_PASSPHRASE', /passphrase/, 'never'],
  ['credentials', said('error: operation error S3: no valid credential sources found'), 'PULUMI_CREDENTIALS', /no valid credential/, 'never'],
  ['a backend that is busy', said('error: PUT https://x: 503 Service Unavailable'), 'PULUMI_FAILED', /503/, 'afterBackoff'],
  ['anything else', said('warning: a\nerror: it broke\nmore'), 'PULUMI_FAILED', /^it broke$/, 'never'],
  ['silence', NONE, 'PULUMI_FAILED', /ended with 255/, 'never'],
];
for (const [what, evidence, code, message, retry] of cases) {
  test(`failures: ${what}`, () => {
    const failure = failureOf(evidence);
    assert.deepEqual([failure.code, failure.retry], [code, retry]);
    assert.match(failure.message, message);
  });
}
