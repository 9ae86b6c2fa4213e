export { Cidr, configError, Ownership, readConfig, wholeNumber } from './config.ts';
export { tagsFor } from './tags.ts';
