import type { HostRule } from '../../src/plan/index.ts';

/** Signs as in the test: `.` well, `x` failed, `u` unreachable, `?` in doubt, `-` skipped; a space for a host that never began. */
export interface Corner {
  /** What it is about, and where people ran into it. */
  readonly about: string;
  readonly rule: Partial<HostRule>;
  readonly ends: string;
  readonly hosts: string;
  readonly result: 'ok' | 'failed';
}

/**
 * What a stop rule means, case by case. The numbers are issues of ansible/ansible in which people were surprised by what a rule of this kind did.
 */
export const CORNERS: readonly Corner[] = [
  { about: 'no rule, one batch: everybody has a turn, and the step fails', rule: {}, ends: '..x...', hosts: '..x...', result: 'failed' },
  { about: 'no rule: a batch with a failure is the last one, always (16241)', rule: { serial: [2] }, ends: '.x....', hosts: '.x    ', result: 'failed' },
  { about: 'no rule: an unreachable host is a failure too (56265)', rule: { serial: [2] }, ends: '.u....', hosts: '.u    ', result: 'failed' },
  { about: 'no rule: a failure in the last batch stops nobody', rule: { serial: [2] }, ends: '.....x', hosts: '.....x', result: 'failed' },
  { about: 'no rule: who is skipped has not failed', rule: { serial: [2] }, ends: '.-....', hosts: '.-....', result: 'ok' },
  { about: 'a share counts unreachable hosts (56265)', rule: { serial: [4], maxFailPercentage: 30 }, ends: '.u.u....', hosts: '.u.u    ', result: 'failed' },
  { about: 'a share counts hosts whose end nobody saw', rule: { serial: [4], maxFailPercentage: 30 }, ends: '.?.?....', hosts: '.?.?    ', result: 'failed' },
  { about: 'failed and unreachable hosts are added up', rule: { serial: [4], maxFailPercentage: 30 }, ends: '.x.u....', hosts: '.x.u    ', result: 'failed' },
  {
    about: 'exactly the share is still allowed: it has to be exceeded',
    rule: { serial: [4], maxFailPercentage: 25 },
    ends: '.x......',
    hosts: '.x......',
    result: 'ok',
  },
  { about: 'a hair below the share stops', rule: { serial: [4], maxFailPercentage: 24.9 }, ends: '.x......', hosts: '.x..    ', result: 'failed' },
  { about: '0 stops at the first', rule: { serial: [1], maxFailPercentage: 0 }, ends: '..x...', hosts: '..x   ', result: 'failed' },
  {
    about: '0 stops at the first, inside a batch as well',
    rule: { serial: [6], throttle: 1, maxFailPercentage: 0 },
    ends: '.x....',
    hosts: '.x    ',
    result: 'failed',
  },
  { about: '0 with nobody bad stops nobody', rule: { serial: [2], maxFailPercentage: 0 }, ends: '......', hosts: '......', result: 'ok' },
  {
    about: '100 never stops, not even when a whole batch has failed (82267, 76915, 5073)',
    rule: { serial: [2], maxFailPercentage: 100 },
    ends: 'xxxxxx',
    hosts: 'xxxxxx',
    result: 'ok',
  },
  {
    about: 'a small late batch that failed wholly does not stop a large step while the limit allows it (82267)',
    rule: { serial: [1], maxFailPercentage: 50 },
    ends: '...x..',
    hosts: '...x..',
    result: 'ok',
  },
  {
    about: 'the first batch is all there is so far: a canary that fails stops',
    rule: { serial: [1, 5], maxFailPercentage: 50 },
    ends: 'x.....',
    hosts: 'x     ',
    result: 'failed',
  },
  { about: 'two small batches in a row exceed both shares', rule: { serial: [1], maxFailPercentage: 40 }, ends: '..xx..', hosts: '..xx  ', result: 'failed' },
  {
    about: 'the share is of the batch, not of those that have ended in it',
    rule: { serial: [4], throttle: 1, maxFailPercentage: 40 },
    ends: 'x.......',
    hosts: 'x.......',
    result: 'ok',
  },
  {
    about: 'it is of the batch, not of all hosts there are (33672)',
    rule: { serial: [2], maxFailPercentage: 40 },
    ends: 'x.........',
    hosts: 'x.        ',
    result: 'failed',
  },
  {
    about: 'a batch above its share goes on while all hosts so far are below theirs',
    rule: { serial: [4, 2], maxFailPercentage: 40 },
    ends: '....x...',
    hosts: '....x...',
    result: 'ok',
  },
  {
    about: 'a share inside a batch ends it early: those who have begun finish',
    rule: { serial: [6], throttle: 2, maxFailPercentage: 30 },
    ends: 'xx....',
    hosts: 'xx.   ',
    result: 'failed',
  },
  { about: 'a share of one host is a share (6781)', rule: { serial: [1], maxFailPercentage: 99 }, ends: 'x.', hosts: 'x ', result: 'failed' },
  { about: 'the second of two hosts is half of those so far (6781)', rule: { serial: [1], maxFailPercentage: 99 }, ends: '.x', hosts: '.x', result: 'ok' },
  {
    about: '0 stops at the first that cannot be reached (7686, 56265)',
    rule: { serial: [1], maxFailPercentage: 0 },
    ends: 'u..',
    hosts: 'u  ',
    result: 'failed',
  },
  { about: 'a count stops when it is exceeded', rule: { serial: [1], maxErrors: 1 }, ends: '.x.x..', hosts: '.x.x  ', result: 'failed' },
  { about: 'a count that is only reached stops nobody', rule: { serial: [1], maxErrors: 2 }, ends: '.x.x..', hosts: '.x.x..', result: 'ok' },
  { about: 'a count of 0 stops at the first, as with Systems Manager', rule: { serial: [1], maxErrors: 0 }, ends: '..u...', hosts: '..u   ', result: 'failed' },
  { about: 'a count goes on over batches', rule: { serial: [2], maxErrors: 2 }, ends: 'x.x.x...', hosts: 'x.x.x.  ', result: 'failed' },
  { about: 'with a count, a spoilt batch is not the last one', rule: { serial: [2], maxErrors: 5 }, ends: 'xx....', hosts: 'xx....', result: 'ok' },
  {
    about: 'count and share: the count stops first',
    rule: { serial: [4], maxErrors: 1, maxFailPercentage: 90 },
    ends: 'xx......',
    hosts: 'xx..    ',
    result: 'failed',
  },
  {
    about: 'count and share: the share stops first',
    rule: { serial: [4], maxErrors: 7, maxFailPercentage: 20 },
    ends: 'x.......',
    hosts: 'x...    ',
    result: 'failed',
  },
  {
    about: 'any error is fatal: the batch that runs is the last one (73795)',
    rule: { serial: [3], anyErrorsFatal: true },
    ends: '.x.......',
    hosts: '.x.      ',
    result: 'failed',
  },
  {
    about: 'any error is fatal: an unreachable host is an error (73795)',
    rule: { serial: [3], anyErrorsFatal: true },
    ends: '.u.......',
    hosts: '.u.      ',
    result: 'failed',
  },
  {
    about: 'any error is fatal, whatever else is allowed (17845)',
    rule: { serial: [1], anyErrorsFatal: true, maxErrors: 5, maxFailPercentage: 90 },
    ends: '.x....',
    hosts: '.x    ',
    result: 'failed',
  },
  {
    about: 'any error is fatal: nobody else begins, also inside a batch',
    rule: { throttle: 1, anyErrorsFatal: true },
    ends: '.x....',
    hosts: '.x    ',
    result: 'failed',
  },
  {
    about: 'any error is fatal: those who have begun are let finish',
    rule: { throttle: 3, anyErrorsFatal: true },
    ends: 'x.....',
    hosts: 'x..   ',
    result: 'failed',
  },
  { about: 'the last host of all fails within its share', rule: { serial: [2], maxFailPercentage: 60 }, ends: '.....x', hosts: '.....x', result: 'ok' },
  { about: 'one host in all is the first of its pattern', rule: { runOnce: true }, ends: '.xxxx', hosts: '.    ', result: 'ok' },
  { about: 'one host in all that fails', rule: { runOnce: true }, ends: 'x....', hosts: 'x    ', result: 'failed' },
  { about: 'free: nobody waits for the end of a batch', rule: { strategy: 'free', serial: [2], maxErrors: 9 }, ends: 'x.x.x.', hosts: 'x.x.x.', result: 'ok' },
  { about: 'free: a count holds', rule: { strategy: 'free', serial: [1], maxErrors: 0 }, ends: '.x....', hosts: '.x    ', result: 'failed' },
  {
    about: 'canary, then a tenth, then the rest: the canary fails',
    rule: { serial: [1, { fraction: 0.1 }, { fraction: 1 }] },
    ends: 'x...................',
    hosts: 'x                   ',
    result: 'failed',
  },
  {
    about: 'canary, then a tenth, then the rest: the tenth fails',
    rule: { serial: [1, { fraction: 0.1 }, { fraction: 1 }] },
    ends: '.x..................',
    hosts: '.x.                 ',
    result: 'failed',
  },
];
