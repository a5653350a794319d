/** One JSON object a line. Never a secret, a body or a whole address. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;
export type Log = (level: LogLevel, event: string, fields?: LogFields) => void;

const order: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** A log that writes lines of this level and above. */
export const jsonLog =
  (least: LogLevel, write: (line: string) => void): Log =>
  (level, event, fields = {}) => {
    if (order.indexOf(level) < order.indexOf(least)) return;
    write(JSON.stringify({ time: new Date().toISOString(), level, event, ...fields }));
  };

/** An address without its end: the /24 network of an IPv4 address, the /48 of an IPv6 one. */
export function shortAddress(address: string): string {
  const v4 = /^(?:::ffff:)?(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}$/i.exec(address);
  if (v4) return `${v4[1] ?? ''}.0/24`;
  if (!/^[0-9a-f:]+(?:%.*)?$/i.test(address)) return 'unknown';
  const [head = ''] = address.split('::');
  const groups = head.split(':').filter((group) => group !== '');
  return `${groups.slice(0, 3).join(':')}::/48`;
}

/** What went wrong, in words for the operator. */
export const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${reasonOf(error.cause)}`;
};
