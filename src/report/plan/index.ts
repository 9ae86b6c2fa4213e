export { type PlanOptions } from './closing.ts';
export { planJson } from './json.ts';
export { MARKDOWN_LIMIT, planMarkdown } from './markdown.ts';
export { planText, type PlanTextOptions } from './text.ts';
