const SECRET_SETTING = /((?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)[\w.-]*["']?\s*[=:]\s*)(\S.*)/i;
const KEY_LINE = /^[ +-](?:-----(?:BEGIN|END) .*|[A-Za-z0-9+/=]{40,})$/;
const URL_PASSWORD = /(\w+:\/\/[^\s/:@]+:)[^\s/@]+@/g;

/** Hide in a diff what looks like a secret: values of settings with telling names, passwords in URLs, key material. */
export function maskLines(diff: string): string {
  return diff
    .split('\n')
    .map((line) => (KEY_LINE.test(line) ? `${line[0]}[hidden]` : line.replace(SECRET_SETTING, '$1[hidden]').replace(URL_PASSWORD, '$1[hidden]@')))
    .join('\n');
}
