"""What helps an agent answer: canned replies, the knowledge base beside the conversation, reports of wrong answers."""
