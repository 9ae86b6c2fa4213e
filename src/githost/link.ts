import type { GitHost, PullRequest } from './port.ts';

/** A place in the files of a commit. */
export interface FilePlace {
  readonly sha: string;
  readonly path: string;
  /** From 1. */
  readonly line: number;
}

/** Where people look at a line of a file in a browser, worked out from where they look at a pull request. Undefined when that says nothing. */
export function linkToFile({ kind }: Pick<GitHost, 'kind'>, { url }: Pick<PullRequest, 'url'>, { sha, path, line }: FilePlace): string | undefined {
  const repository = /^(https?:\/\/.+?)\/(?:-\/merge_requests|pulls?|pull-requests)\/\d+(?:\/.*)?$/.exec(url)?.[1];
  if (repository === undefined) return undefined;
  const file = path.split('/').map(encodeURIComponent).join('/');
  switch (kind) {
    case 'github':
      return `${repository}/blob/${sha}/${file}#L${line}`;
    case 'gitlab':
      return `${repository}/-/blob/${sha}/${file}#L${line}`;
    case 'gitea':
      return `${repository}/src/commit/${sha}/${file}#L${line}`;
    case 'bitbucket':
      return `${repository}/browse/${file}?at=${sha}#${line}`;
    case 'bare':
      return undefined;
  }
}
