import { NumberInput } from '@mantine/core';
import { useEffect, useState } from 'react';

type Props = {
  readonly label: string;
  readonly value: number;
  readonly onChange: (value: number) => void;
  readonly min: number;
  readonly max: number;
  readonly suffix?: string;
  readonly decimals?: number;
  readonly bare?: boolean;
};

/** A number within bounds. What is typed on the way to one is shown, and told when it is one. */
export function NumberField({ label, value, onChange, min, max, suffix, decimals = 0, bare }: Props) {
  const [shown, setShown] = useState<number | string>(value);
  useEffect(() => setShown(value), [value]);
  return (
    <NumberInput
      label={label}
      min={min}
      max={max}
      {...(suffix ? { suffix } : {})}
      decimalScale={decimals}
      hideControls={bare ?? false}
      value={shown}
      onChange={(next) => {
        setShown(next);
        if (typeof next === 'number' && next >= min && next <= max) onChange(next);
      }}
    />
  );
}
