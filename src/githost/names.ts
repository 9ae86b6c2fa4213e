import { UNSAFE } from '../core/index.ts';
import { HostError } from './error.ts';

/** ASCII only: a name that merely looks like another one is not a name. GitHub's robots end in `[bot]`. */
export const LOGIN = /^[A-Za-z0-9_][A-Za-z0-9_.@+~-]{0,254}(?:\[bot\])?$/;
/** `owner/name`, and deeper on GitLab; also Bitbucket's personal `~ada/name`. */
export const REPO = /^(?=.{3,512}$)~?[A-Za-z0-9_.][A-Za-z0-9_.-]{0,254}(?:\/[A-Za-z0-9_.][A-Za-z0-9_.-]{0,254}){1,20}$/;
/** Of a bare repository, as the configuration names it; may be a single word. */
export const BARE_REPO = /^(?=.{1,512}$)[A-Za-z0-9_.][A-Za-z0-9_.-]{0,254}(?:\/[A-Za-z0-9_.][A-Za-z0-9_.-]{0,254}){0,20}$/;
export const SHA = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const ZERO = /^(?:0{40}|0{64})$/;
const GROUP = /^[A-Za-z0-9_][A-Za-z0-9_. -]{0,254}(?:\/[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}){0,20}$/;
/** Git's own rules for the name of a branch or tag, and none that an argument list could take for an option. */
// oxlint-disable-next-line no-control-regex -- they are what is refused
const REF = /^(?![-/.])(?!.*(?:\.\.|@\{|\/\/|\/\.|\.lock(?:\/|$)))[^\u0000-\u0020\u007F~^:?*[\\]{1,250}$/u;

export function isRepo(text: string): boolean {
  return REPO.test(text) && text.split('/').every((part) => !isDots(part) && !part.endsWith('.git'));
}
export function isBareRepo(text: string): boolean {
  return BARE_REPO.test(text) && text.split('/').every((part) => !isDots(part));
}
/** A branch or tag without `refs/…`, or a full ref. */
export function isRef(text: string): boolean {
  return REF.test(text) && !/[/.]$/.test(text) && text !== '@' && text.search(UNSAFE) < 0;
}
/** A path of a file in a repository: relative, and never out of it. */
export function isPath(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- they are what is refused
  if (text === '' || text.length > 4_096 || /[\u0000-\u001F\u007F\\]/.test(text)) return false;
  return text.split('/').every((part) => part !== '' && !isDots(part) && part.toLowerCase() !== '.git');
}
/** Git writes zeros where there is no commit. */
export function commitOrNone(sha: string): string | undefined {
  return ZERO.test(sha) ? undefined : sha;
}

export interface Names {
  readonly repo?: string;
  readonly number?: number;
  readonly sha?: string;
  readonly refs?: readonly string[];
  readonly path?: string;
  readonly login?: string;
  readonly group?: string;
  readonly id?: string;
}

/** Refuse what could become another path, another query or an option. @throws {HostError} `HOST_NAME` with all that is wrong. */
export function checkNames(names: Names, isName: (repo: string) => boolean = isRepo): void {
  const wrong = [
    names.repo === undefined || isName(names.repo) ? '' : said('a repository', names.repo),
    names.number === undefined || (Number.isSafeInteger(names.number) && names.number > 0) ? '' : `${names.number} is not the number of a pull request`,
    names.sha === undefined || SHA.test(names.sha) ? '' : said('the id of a commit', names.sha),
    ...(names.refs ?? []).map((ref) => (isRef(ref) ? '' : said('the name of a branch', ref))),
    names.path === undefined || isPath(names.path) ? '' : said('a path in a repository', names.path),
    names.login === undefined || LOGIN.test(names.login) ? '' : said('the name of an account', names.login),
    names.group === undefined || GROUP.test(names.group) ? '' : said('the name of a group', names.group),
    names.id === undefined || /^[A-Za-z0-9_-]{1,128}$/.test(names.id) ? '' : said('an id', names.id),
  ].filter((each) => each !== '');
  if (wrong.length > 0) throw new HostError('HOST_NAME', wrong.join('; '));
}

function said(what: string, text: string): string {
  return `${JSON.stringify(text.slice(0, 80).replaceAll(UNSAFE, ''))} is not ${what}`;
}
function isDots(part: string): boolean {
  return part === '.' || part === '..';
}
