/** What is asked of the model; rates in percent a year. */
export type Asked = {
  readonly dataShards: number;
  readonly parityShards: number;
  readonly failurePercent: number;
  readonly repairDays: number;
  /** 0 for none. */
  readonly domains: number;
  readonly domainPercent: number;
};
export type Estimate = {
  readonly nines: number;
  readonly meanYearsToLoss: number;
  readonly windowNines: number;
  readonly correlated?: { readonly nines: number; readonly meanYearsToLoss: number };
  readonly played?: { readonly lives: number; readonly raisedBy: number; readonly meanYears: number; readonly chainYears: number };
  readonly rawPerByte: number;
};

/** The input of the operation that a question stands for. */
export function inputOf({ failurePercent, domainPercent, domains, ...rest }: Asked) {
  return {
    ...rest,
    annualFailureRate: failurePercent / 100,
    ...(domains > 0 ? { domains, domainFailureRate: domainPercent / 100 } : {}),
  };
}
