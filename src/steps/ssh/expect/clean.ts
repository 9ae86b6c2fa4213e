/** What a terminal shows, as plain lines: without the codes that paint and move, and without the carriage returns before line ends. */
export function plainText(text: string): string {
  return (
    text
      // oxlint-disable-next-line no-control-regex -- these are the codes
      .replaceAll(/\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g, '')
      .replaceAll(/\r+\n/g, '\n')
      // oxlint-disable-next-line no-control-regex -- all but tab and line end
      .replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '')
  );
}

/** The last lines of a text. */
export function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n').slice(-1_000);
}
