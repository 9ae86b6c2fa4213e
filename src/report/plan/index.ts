export { expectedWords, type PlanOptions } from './closing.ts';
export { code, link, plain } from './escape.ts';
export { planJson } from './json.ts';
export { MARKDOWN_LIMIT, planMarkdown } from './markdown.ts';
export { planText, type PlanTextOptions } from './text.ts';
export { viewOf } from './view.ts';
export { counted, countWords, cut } from './words.ts';
