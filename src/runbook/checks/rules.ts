import { didYouMean, isObject, type Json, type JsonObject } from '../../core/index.ts';
import type { Path } from '../path.ts';
import type { Mistake } from '../report.ts';
import { cronMistake } from './cron.ts';

type Report = (mistake: Mistake) => void;

/** Can the votes an approval asks for be given at all? */
export function checkApproval(approval: Json | undefined, path: Path, report: Report): void {
  if (!isObject(approval) || !Array.isArray(approval['approvers'])) return;
  const approvers = (approval['approvers'] as readonly Json[]).filter((name) => typeof name === 'string');
  const users = new Set(approvers.filter((name) => name.startsWith('user:')));
  const hasTeam = approvers.some((name) => name.startsWith('team:'));
  const twice = approvers.findIndex((name, index) => approvers.indexOf(name) !== index);
  if (twice >= 0)
    report({
      code: 'DUPLICATE_APPROVER',
      path: [...path, 'approvers', twice],
      message: `approver "${String(approvers[twice])}" is listed twice`,
      hint: 'remove one of them',
    });
  const { required, perGroup } = approval;
  if (typeof required === 'number' && !hasTeam && required > users.size) {
    const people = users.size === 1 ? 'only 1 person' : `only ${users.size} people`;
    report({
      code: 'APPROVAL_IMPOSSIBLE',
      path: [...path, 'required'],
      message: `${required} approvals are required, and ${people} can give one`,
      hint: 'lower "required", or add approvers',
    });
  }
  if (typeof perGroup === 'number' && perGroup > 1 && users.size > 0) {
    report({
      code: 'APPROVAL_IMPOSSIBLE',
      path: [...path, 'perGroup'],
      message: `${perGroup} approvals per group are required, and ${[...users].join(', ')} can give only one`,
      hint: 'use perGroup: 1, or a team instead of the person',
    });
  }
}

/** Is a window complete, and are its times readable? Names of calendars are checked across files. */
export function checkWindow(window: Json | undefined, path: Path, report: Report): void {
  if (!isObject(window)) return;
  checkTimes(window, path, report);
  const mistake = conflictIn(window) ?? gapIn(window);
  if (mistake) report({ ...mistake, path: mistake.key === undefined ? path : [...path, mistake.key], atKey: mistake.key !== undefined });
}

type WindowMistake = Pick<Mistake, 'code' | 'message' | 'hint'> & { readonly key?: string };

function conflictIn({ allow, deny, schedule }: JsonObject): WindowMistake | undefined {
  const code = 'WINDOW_CONFLICT';
  if (allow === true && deny === true)
    return { code, key: 'deny', message: 'one schedule cannot be allowed and denied', hint: 'keep "allow: true" or "deny: true"' };
  if (typeof allow === 'string' && schedule !== undefined && deny !== true) {
    return {
      code,
      key: 'schedule',
      message: `the times come from calendar "${allow}", so "schedule" would have no effect`,
      hint: 'remove the schedule, or write allow: true to use it',
    };
  }
  return undefined;
}

function gapIn({ allow, deny, schedule, duration }: JsonObject): WindowMistake | undefined {
  const code = 'WINDOW_INCOMPLETE';
  const [has, lacks] = schedule === undefined ? ['duration', 'schedule'] : ['schedule', 'duration'];
  if ((schedule === undefined) !== (duration === undefined))
    return { code, key: has, message: `"${has}" says nothing without "${lacks}"`, hint: `add ${lacks}: …` };
  if (schedule !== undefined) return undefined;
  const key = allow === true ? 'allow' : deny === true ? 'deny' : undefined;
  if (key !== undefined) return { code, key, message: `"${key}: true" does not say when`, hint: 'name a calendar, or add schedule and duration' };
  if (allow !== undefined || deny !== undefined) return undefined;
  return { code, message: 'the window does not say when', hint: 'add allow: <calendar>, or allow: true with schedule and duration' };
}

/** `schedule` and `timeZone` of anything that has them. */
export function checkTimes(rule: JsonObject, path: Path, report: Report): void {
  for (const key of ['schedule', 'cron'] as const) {
    const value = rule[key];
    const mistake = typeof value === 'string' && value.trim().split(/\s+/).length === 5 ? cronMistake(value) : undefined;
    if (mistake) report({ code: 'BAD_CRON', path: [...path, key], ...mistake });
  }
  checkTimeZone(rule['timeZone'], [...path, 'timeZone'], report);
}

/** Is it the name of a time zone? */
export function checkTimeZone(name: Json | undefined, path: Path, report: Report): void {
  if (typeof name !== 'string' || isTimeZone(name)) return;
  const near = didYouMean(name, Intl.supportedValuesOf('timeZone'));
  report({
    code: 'UNKNOWN_TIME_ZONE',
    path,
    message: `there is no time zone "${name}"`,
    hint: near === undefined ? 'use a name such as Europe/Berlin or UTC' : `did you mean "${near}"?`,
  });
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return !/^[+-]/.test(name);
  } catch {
    return false; // RangeError is how Intl says no
  }
}
