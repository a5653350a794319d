/**
 * Weather for simulated homes: a temperate climate with seasons, spells of some days and a daily swing; the same for
 * every home of a seed, and computable for any instant alone. Invented, and never shown as the weather of a place.
 */
import { offsetMsAt } from '../lib/series/local-day.ts';
import { hashToUnit } from './random.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const yearMs = 365.2425 * dayMs;

export interface Weather {
  /** Outdoor air temperature at an instant, °C. */
  temperatureC(ms: number): number;
  /** Share of full sunshine (1 kW/m² on a fair roof) at an instant, 0..1. */
  sunshine(ms: number): number;
}

/** Smooth noise in −1..1 with features of about `periodMs`. */
const smoothNoise = (seed: number, channel: number, ms: number, periodMs: number): number => {
  const at = ms / periodMs;
  const whole = Math.floor(at);
  const part = at - whole;
  const ease = part * part * (3 - 2 * part);
  const left = hashToUnit(seed, channel, whole);
  const right = hashToUnit(seed, channel, whole + 1);
  return 2 * (left + (right - left) * ease) - 1;
};

/** Weather of a seed in a time zone; zones whose clocks go forward in the northern autumn get southern seasons. */
export const simulatedWeather = (seed: number, timeZone: string): Weather => {
  const januaryOffset = offsetMsAt(Date.UTC(2024, 0, 1), timeZone);
  const julyOffset = offsetMsAt(Date.UTC(2024, 6, 1), timeZone);
  const standardOffsetMs = Math.min(januaryOffset, julyOffset);
  const southern = januaryOffset > julyOffset;
  const latitude = ((southern ? -1 : 1) * 50 * Math.PI) / 180;

  /** Angle of the year, 0 at the turn of the year; half a turn on in the south. */
  const season = (ms: number): number => (2 * Math.PI * (ms + standardOffsetMs)) / yearMs;
  const cloud = (ms: number): number =>
    Math.min(
      1,
      Math.max(0, 0.55 + 0.6 * smoothNoise(seed, 11, ms, 2 * dayMs) + 0.3 * smoothNoise(seed, 12, ms, 5 * hourMs)),
    );

  return {
    temperatureC(ms) {
      const turn = season(ms) - (2 * Math.PI * 24) / 365 + (southern ? Math.PI : 0);
      const daily = Math.cos((2 * Math.PI * ((ms + standardOffsetMs) / hourMs - 15)) / 24);
      const spells =
        3.5 * smoothNoise(seed, 1, ms, 9 * dayMs) +
        3 * smoothNoise(seed, 2, ms, 4 * dayMs) +
        1.5 * smoothNoise(seed, 3, ms, dayMs);
      return 10.5 - 8.5 * Math.cos(turn) + 3.5 * daily + spells;
    },
    sunshine(ms) {
      const declination = ((-23.44 * Math.PI) / 180) * Math.cos(season(ms) + (2 * Math.PI * 10) / 365);
      const hourAngle = (2 * Math.PI * ((ms + standardOffsetMs) / hourMs - 12)) / 24;
      const sine =
        Math.sin(latitude) * Math.sin(declination) + Math.cos(latitude) * Math.cos(declination) * Math.cos(hourAngle);
      return sine <= 0 ? 0 : sine ** 0.9 * (1 - 0.8 * cloud(ms));
    },
  };
};
