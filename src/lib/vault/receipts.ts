import { read, write } from './open.ts';
import { checked, receiptSchema, type Receipt } from './schema.ts';

/** What left this device, the newest first. */
export async function listReceipts(): Promise<Receipt[]> {
  const all = await read(['receipts'], (tx) => tx.store.index('sentMs').getAll());
  return all.map((record) => checked(receiptSchema, record, 'A receipt')).reverse();
}

/** Keeps the receipt of a request; made before sending and again when the answer is there. */
export async function saveReceipt(receipt: Receipt): Promise<void> {
  const record = checked(receiptSchema, receipt, 'The receipt');
  await write(['receipts'], (tx) => tx.store.put(record));
}
