import { limit } from '#kernel/contract/limit.ts';

export const nameMax = limit(63, 'character', 'Longest name of a source, view or column.');
export const topicNameMax = limit(249, 'character', 'Longest name of a topic.');
export const columnsInMax = limit(250, 'column', 'Most columns of a source that is made.');
export const textMax = limit(65_536, 'character', 'Longest statement.');
export const paramsMax = limit(1_000, 'parameter', 'Most parameters of a query.');
export const valueMax = limit(1_048_576, 'character', 'Longest value of a parameter.');
export const loadRowsMax = limit(1_000, 'row', 'Most rows that are added to a table in one call.');
export const addressMax = limit(2_048, 'character', 'Longest address of a connection.');
export const loginMax = limit(4_096, 'character', 'Longest secret of a connection.');
export const certificateMax = limit(65_536, 'character', 'Longest certificate of an authority of a connection.');
export const bucketMax = limit(63, 'character', 'Longest name of a bucket or region.');
export const pathMax = limit(512, 'character', 'Longest beginning of the names of files that a sink writes.');
export const whereMax = limit(8, 'column', 'Most columns by which rows of a view are found.');
export const conditionMax = limit(4_096, 'character', 'Longest condition of an alert rule.');
export const dashboardsMax = limit(100, 'dashboard', 'Dashboards of one environment.');
export const panelsMax = limit(24, 'panel', 'Most panels of a dashboard.');
export const titleMax = limit(120, 'character', 'Longest title of a dashboard or panel.');
