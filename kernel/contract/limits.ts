import { limit } from './limit.ts';

export const nameLengthMax = limit(253, 'character', 'Longest name of a resource.');
export const labelCountMax = limit(64, 'label', 'Most labels on one resource.');
export const pageItemsMax = limit(1000, 'item', 'Largest page of a list.');
export const schemaDepthMax = limit(32, 'level', 'Deepest nesting of a schema in a contract.');
export const inputDepthMax = limit(64, 'level', 'Deepest nesting of a JSON input.');
export const contractOperationsMax = limit(600, 'operation', 'Most operations of one contract.');
