/** SQLSTATEs that doors answer with: PostgreSQL's appendix A. */
export const sqlstates = {
  protocolViolation: '08P01',
  notBuilt: '0A000',
  valueWrong: '22P02',
  outOfRange: '22003',
  divisionByZero: '22012',
  dateWrong: '22007',
  authorizationWrong: '28P01',
  statementMissing: '26000',
  portalMissing: '34000',
  syntax: '42601',
  denied: '42501',
  ambiguous: '42702',
  duplicateAlias: '42712',
  columnMissing: '42703',
  functionMissing: '42883',
  relationMissing: '42P01',
  relationThere: '42P07',
  typeThere: '42710',
  statementThere: '42P05',
  portalThere: '42P03',
  parameterMissing: '42P02',
  parameterUnclear: '42P18',
  groupingWrong: '42803',
  typeWrong: '42804',
  kindWrong: '42809',
  nameWrong: '42602',
  dependents: '2BP01',
  serialization: '40001',
  tooMuch: '53400',
  tooComplex: '54001',
  tooLarge: '54000',
  cancelled: '57014',
  shutdown: '57P01',
  unavailable: '57P03',
  internal: 'XX000',
  dataCorrupted: 'XX001',
} as const;

/** What is wrong with a statement, in PostgreSQL's words: its SQLSTATE, and the character from 1 where it shows. */
export class StatementError extends Error {
  override readonly name = 'StatementError';
  readonly sqlstate: string;
  readonly position: number | undefined;

  constructor(sqlstate: string, message: string, position?: number) {
    super(message);
    this.sqlstate = sqlstate;
    this.position = position;
  }
}

/** The answer to what PostgreSQL can and this cannot. */
export const notBuilt = (what: string, position?: number): StatementError =>
  new StatementError(sqlstates.notBuilt, `${what} is not supported yet`, position);
