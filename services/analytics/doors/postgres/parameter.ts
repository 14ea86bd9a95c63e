/** What clients are told when they come in, and what SHOW answers; clients choose their statements by the version. */
export const parameters: Readonly<Record<string, string>> = {
  server_version: '18.0',
  server_encoding: 'UTF8',
  client_encoding: 'UTF8',
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  integer_datetimes: 'on',
  standard_conforming_strings: 'on',
};
