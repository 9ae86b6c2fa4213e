import type { ErrorCode } from 'yaml';

interface Words {
  readonly message: string;
  readonly hint?: string;
}

const WORDS: Readonly<Partial<Record<ErrorCode, Words>>> = {
  TAB_AS_INDENT: { message: 'a tab is used for indentation', hint: 'indent with spaces; YAML allows no tabs there' },
  BAD_INDENT: { message: 'this line is not indented like the lines around it', hint: 'give all entries of one map or list the same number of leading spaces' },
  MULTILINE_IMPLICIT_KEY: { message: 'a key must be on one line', hint: 'is a colon or a closing quote missing on the line before?' },
  BLOCK_AS_IMPLICIT_KEY: {
    message: 'this value is followed by another ": "',
    hint: 'indent the next line like this one, or put the value in quotes, or start a nested map on a line of its own',
  },
  BLOCK_IN_FLOW: { message: 'a list or map with dashes or indentation inside { } or [ ]', hint: 'use commas inside brackets, or drop the brackets' },
  MISSING_CHAR: { message: 'a closing quote, bracket or comma is missing', hint: 'look at the end of this line and the line before' },
  UNEXPECTED_TOKEN: { message: 'YAML does not expect this here', hint: 'is there a bracket or quote too much, or too little indentation?' },
  BAD_SCALAR_START: { message: 'plain text cannot start with this character', hint: 'put the value in quotes' },
  BAD_DQ_ESCAPE: { message: 'unknown escape in double quotes', hint: 'use single quotes for text with backslashes' },
  BAD_ALIAS: { message: 'the alias names no anchor above it', hint: 'define the anchor with &name before it is used as *name' },
  ALIAS_PROPS: { message: 'an alias can have no anchor or tag', hint: 'remove the & or ! before it' },
  KEY_OVER_1024_CHARS: { message: 'a key has more than 1024 characters', hint: 'is a closing quote missing?' },
  TAG_RESOLVE_FAILED: { message: 'tags such as !name are not understood', hint: 'remove the tag' },
  BAD_DIRECTIVE: { message: 'unknown directive', hint: 'remove the line that starts with %' },
  MULTIPLE_ANCHORS: { message: 'two anchors at one value', hint: 'keep one' },
  MULTIPLE_TAGS: { message: 'two tags at one value', hint: 'remove the tags' },
  BAD_PROP_ORDER: { message: 'anchors and tags must come before the value, on its line' },
  NON_STRING_KEY: { message: 'a key must be text', hint: 'put the key in quotes' },
};

/** Plain words for a mistake the YAML reader found. `detail` is its own message. */
export function yamlWords(code: ErrorCode, detail: string): Words {
  const quote = code === 'MISSING_CHAR' ? /Missing closing (.)quote/.exec(detail) : undefined;
  if (quote)
    return {
      message: `the text that starts here has no closing ${quote[1] === "'" ? 'single' : 'double'} quote`,
      hint: 'add the quote, or remove the opening one',
    };
  if (code === 'BAD_INDENT' && detail.startsWith('Flow'))
    return { message: 'a bracket that was opened above is not closed before this line', hint: 'close it with } or ]' };
  const tag = code === 'TAG_RESOLVE_FAILED' ? /Unresolved tag: (\S+)/.exec(detail)?.[1] : undefined;
  if (tag !== undefined) return { message: `tag ${tag} is not understood`, hint: 'remove the tag; secrets come from inputs with "secret: true"' };
  return WORDS[code] ?? { message: `YAML cannot be read: ${detail.charAt(0).toLowerCase()}${detail.slice(1).split('\n')[0] ?? ''}` };
}
