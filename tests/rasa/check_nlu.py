"""Reads the report of `rasa test nlu` and fails when the intents are recognised worse than they were agreed to be.

The bar is far below what was measured (ADR 0002): it is there for a broken pipeline or damaged data, not for a new example.
"""

import json
import sys
from pathlib import Path

LEAST_ACCURACY = 0.85
LEAST_EMERGENCY_RECALL = 0.8

report = json.loads(Path(sys.argv[1]).read_text())
accuracy = report.get("accuracy", report["micro avg"]["f1-score"] if "micro avg" in report else 0.0)
emergencies = {name: row["recall"] for name, row in report.items() if name.startswith("emergency_")}
print(f"intent accuracy {accuracy:.3f} (n={int(report['weighted avg']['support'])}); emergency recall {emergencies}")
worst = [name for name, recall in emergencies.items() if recall < LEAST_EMERGENCY_RECALL]
sys.exit(f"below the bar: accuracy {accuracy:.3f}, {worst}" if accuracy < LEAST_ACCURACY or worst else 0)
