"""Every path through the correctors, recorded once and replayed under any thresholds."""
