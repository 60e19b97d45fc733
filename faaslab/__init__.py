"""faaslab: a laboratory for serverless computing."""
