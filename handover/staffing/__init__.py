"""Who is on duty and when: breaks, opening hours, the notice to citizens, the overview and the own figures."""
